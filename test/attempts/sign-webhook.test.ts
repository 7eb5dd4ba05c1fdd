import { createHmac } from "node:crypto";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { signingSecrets, signWebhook } from "#core/attempts/sign-webhook.ts";

const vector = {
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  id: "evt_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  timestamp: 1_767_225_600,
  body: '{"id":"evt_01JZZZZZZZZZZZZZZZZZZZZZZZ","type":"file.upload_completed","timestamp":"2026-01-01T00:00:00.000Z","data":{"file_id":"f_1"}}',
};

test("the vector of the contract", () => {
  const { secret, ...rest } = vector;
  expect(signWebhook({ ...rest, signing: [secret], plain: secret })).toEqual({
    "webhook-signature": "v1,xtTet04vIJht2AkYlXycH7bDHbyBWMtK8qoswggeXCI=",
    "x-signature": "1002df658a8470347664b9e52619f164cc84b36a648a557a28fa6d264519a7fb",
  });
});

test("signs as the reference implementation does, whatever the body and the key", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 24, maxLength: 64 }),
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.integer({ min: 0, max: 4_000_000_000 }),
      (key, body, timestamp) => {
        const secret = `whsec_${Buffer.from(key).toString("base64")}`;
        const ours = signWebhook({ id: vector.id, timestamp, body, signing: [secret], plain: secret });
        const theirs = new Webhook(secret).sign(vector.id, new Date(timestamp * 1000), body);
        expect(ours["webhook-signature"]).toBe(theirs);
        expect(ours["x-signature"]).toBe(createHmac("sha256", secret).update(body).digest("hex"));
      },
    ),
  );
});

describe("which secrets sign", () => {
  const [old, fresh] = ["whsec_b2xk", "whsec_bmV3"];
  const until = 1_000;
  const cases = [
    ["one secret", { current: fresh }, 0, [fresh], fresh],
    [
      "during an overlap",
      { current: fresh, previous: old, previous_until_ms: until },
      999,
      [fresh, old],
      old,
    ],
    [
      "during an overlap, promoted",
      { current: fresh, previous: old, previous_until_ms: until, promoted: true },
      999,
      [fresh, old],
      fresh,
    ],
    ["after it", { current: fresh, previous: old, previous_until_ms: until }, 1_000, [fresh], fresh],
  ] as const;
  test.each(cases)("%s", (_, record, now, signing, plain) => {
    expect(signingSecrets(record, now)).toMatchObject({ signing, plain });
  });
});
