import { createHmac } from "node:crypto";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { signWebhook } from "#core/attempts/sign-webhook.ts";
import { verifyBodySignature, verifyWebhook, WebhookVerificationError } from "../../sdk/verify-webhook.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const id = "evt_01JZZZZZZZZZZZZZZZZZZZZZZZ";
const timestamp = 1_767_225_600;
const now = timestamp * 1000;
const body =
  '{"id":"evt_01JZZZZZZZZZZZZZZZZZZZZZZZ","type":"file.upload_completed","timestamp":"2026-01-01T00:00:00.000Z","data":{"file_id":"f_1"}}';
const headers = {
  "webhook-id": id,
  "webhook-timestamp": String(timestamp),
  "webhook-signature": "v1,xtTet04vIJht2AkYlXycH7bDHbyBWMtK8qoswggeXCI=",
  "X-Signature": "1002df658a8470347664b9e52619f164cc84b36a648a557a28fa6d264519a7fb",
};
const other = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
const event = JSON.parse(body);

describe("accepts", () => {
  test.each([
    ["text", body],
    ["bytes", new TextEncoder().encode(body)],
    ["a Node buffer", Buffer.from(body)],
    ["an ArrayBuffer", new TextEncoder().encode(body).buffer],
  ] as const)("the contract's vector as %s", (_, given) => {
    expect(verifyWebhook({ headers, body: given, secret, now })).toEqual(event);
    expect(verifyBodySignature({ headers, body: given, secret })).toEqual(event);
  });

  test("headers in any shape", () => {
    const upper = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]),
    );
    const lists = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
    for (const shape of [new Headers(headers), upper, lists]) {
      expect(verifyWebhook({ headers: shape, body, secret, now })).toEqual(event);
      expect(verifyBodySignature({ headers: shape, body, secret })).toEqual(event);
    }
  });

  test("any of several signatures, by any of several secrets", () => {
    const both = signWebhook({ id, timestamp, body, signing: [other, secret], plain: other });
    const during = { ...headers, ...both };
    for (const one of [secret, other, [other, secret], ["whsec_AAAA", secret]]) {
      expect(verifyWebhook({ headers: during, body, secret: one, now })).toEqual(event);
    }
    const future = { ...headers, "webhook-signature": `v2,abc ${headers["webhook-signature"]}` };
    expect(verifyWebhook({ headers: future, body, secret, now })).toEqual(event);
  });

  test.each([-300, -1, 0, 1, 300])("an attempt whose time is off by %i s", (off) => {
    expect(verifyWebhook({ headers, body, secret, now: now + off * 1000 })).toEqual(event);
  });

  test("what the reference implementation signs, whatever the key and the body", () =>
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 24, maxLength: 64 }), fc.jsonValue(), (key, data) => {
        const json = JSON.stringify({ ...event, data: { any: data } });
        const made = `whsec_${Buffer.from(key).toString("base64")}`;
        const signature = new Webhook(made).sign(id, new Date(now), json);
        const given = { ...headers, "webhook-signature": signature };
        expect(verifyWebhook({ headers: given, body: json, secret: made, now })).toEqual(JSON.parse(json));
      }),
    ));
});

describe("refuses", () => {
  const verify = (changes: Record<string, string | undefined>, given: string = body, off = 0) =>
    verifyWebhook({ headers: { ...headers, ...changes }, body: given, secret, now: now + off });
  const signature = headers["webhook-signature"];

  test.each([
    ["another body", {}, body.replace("f_1", "f_2"), 0, "no_match"],
    ["a body that was formatted anew", {}, JSON.stringify(event, null, 1), 0, "no_match"],
    ["another id", { "webhook-id": "evt_x" }, body, 0, "no_match"],
    ["another time", { "webhook-timestamp": String(timestamp + 1) }, body, 0, "no_match"],
    ["301 s", {}, body, 301_000, "too_old"],
    ["301 s ahead", {}, body, -301_000, "too_new"],
    ["no number as time", { "webhook-timestamp": "soon" }, body, 0, "bad_timestamp"],
    ["no id", { "webhook-id": undefined }, body, 0, "missing_header"],
    ["no signature", { "webhook-signature": "" }, body, 0, "missing_header"],
    ["another version alone", { "webhook-signature": signature.replace("v1", "v2") }, body, 0, "no_match"],
    ["no version", { "webhook-signature": signature.slice(3) }, body, 0, "no_match"],
    ["half a signature", { "webhook-signature": signature.slice(0, 20) }, body, 0, "no_match"],
    ["no base64", { "webhook-signature": "v1,*" }, body, 0, "no_match"],
    ["an empty one", { "webhook-signature": "v1," }, body, 0, "no_match"],
  ] as const)("%s", (_, changes, given, off, code) => {
    expect(refusal(() => verify(changes, given, off))).toBe(code);
  });

  test("another's secret, and what is no secret", () => {
    const by = (one: string) => refusal(() => verifyWebhook({ headers, body, secret: one, now }));
    expect(by(other)).toBe("no_match");
    expect(["", "whsec_", "whsec_%", `${secret}=`].map(by)).toEqual(Array(4).fill("bad_secret"));
  });

  test("a secret that isn't there, which anybody could sign with", () => {
    const unset = process.env["WHARF_NO_SUCH_SECRET"] as string;
    for (const none of ["", unset, [], [""], [unset]]) {
      const key = "";
      const forged = {
        "webhook-id": id,
        "webhook-timestamp": String(timestamp),
        "webhook-signature": `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`,
        "x-signature": createHmac("sha256", key).update(body).digest("hex"),
      };
      expect(refusal(() => verifyWebhook({ headers: forged, body, secret: none, now }))).toBe("bad_secret");
      expect(refusal(() => verifyBodySignature({ headers: forged, body, secret: none }))).toBe("bad_secret");
    }
  });

  test.each([
    ["toleranceSeconds", NaN],
    ["toleranceSeconds", Infinity],
    ["toleranceSeconds", -1],
    ["toleranceSeconds", "abc"],
    ["toleranceSeconds", "300"],
    ["toleranceSeconds", null],
    ["now", NaN],
    ["now", Infinity],
    ["now", "abc"],
    ["now", null],
    ["now", new Date(now)],
  ])("%s of %s, with which no age would be checked", (name, value) => {
    const options: object = { headers, body, secret, now: now + 86_400_000, [name]: value };
    expect(refusal(() => verifyWebhook(options as Parameters<typeof verifyWebhook>[0]))).toBe("bad_option");
  });

  test.each([[null], [7], [{}], [[null]], [[7, secret]], [[secret, ""]]])("%j as a secret", (value) => {
    const given = { headers, body, secret: value as string, now };
    expect(refusal(() => verifyWebhook(given))).toBe("bad_secret");
    expect(refusal(() => verifyBodySignature(given))).toBe("bad_secret");
  });

  test.each([
    "null",
    "7",
    '"text"',
    "[]",
    "{}",
    '{"id":"evt_1"}',
    '{"id":7,"type":"x"}',
    '{"id":null,"type":"x"}',
  ])("a signed body that is no event: %s", (text) => {
    const given = {
      ...headers,
      "webhook-signature": new Webhook(secret).sign(id, new Date(now), text),
      "X-Signature": createHmac("sha256", secret).update(text).digest("hex"),
    };
    expect(refusal(() => verifyWebhook({ headers: given, body: text, secret, now }))).toBe("bad_body");
    expect(refusal(() => verifyBodySignature({ headers: given, body: text, secret }))).toBe("bad_body");
  });

  test("a body that a framework has parsed", () => {
    const parsed = event as string;
    expect(refusal(() => verifyWebhook({ headers, body: parsed, secret, now }))).toBe("bad_body");
    expect(refusal(() => verifyBodySignature({ headers, body: parsed, secret }))).toBe("bad_body");
  });

  test("a signed body that isn't JSON", () => {
    const given = {
      ...headers,
      "webhook-signature": new Webhook(secret).sign(id, new Date(now), "hello"),
    };
    expect(refusal(() => verifyWebhook({ headers: given, body: "hello", secret, now }))).toBe("bad_body");
  });

  test("an X-Signature of another body, key or shape", () => {
    const sign = (key: string | Buffer) => createHmac("sha256", key).update(body).digest("hex");
    const decoded = Buffer.from(secret.slice("whsec_".length), "base64");
    const by = (value: string) =>
      refusal(() => verifyBodySignature({ headers: { "x-signature": value }, body, secret }));
    const wrong = [sign(other), sign(decoded), sign(secret).slice(2), `sha256=${sign(secret)}`, "zz"];
    expect(wrong.map(by)).toEqual(wrong.map(() => "no_match"));
    expect(refusal(() => verifyBodySignature({ headers: {}, body, secret }))).toBe("missing_header");
  });
});

/** Code of what a check throws. */
function refusal(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return error.code;
    throw error;
  }
}
