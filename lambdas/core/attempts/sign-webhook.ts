import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import type { HookSecretRecord } from "./records.ts";

/** Keys of one secret: Standard Webhooks takes the decoded bytes, `X-Signature` the shown text. */
interface Keys {
  standard: KeyObject;
  plain: KeyObject;
}

const MAX_CACHED = 1_000;
const cache = new Map<string, Keys>();

/** A KeyObject made once: an HMAC with a Buffer key costs several times as much. */
function keysOf(secret: string): Keys {
  const known = cache.get(secret);
  if (known !== undefined) return known;
  const made = {
    standard: createSecretKey(Buffer.from(secret.replace(/^whsec_/, ""), "base64")),
    plain: createSecretKey(secret, "utf8"),
  };
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(secret, made);
  return made;
}

/** Which secrets sign at a moment: the current one first, and which makes `X-Signature`. */
export function signingSecrets(record: HookSecretRecord, now: number) {
  const { previous_until_ms: until } = record;
  const previous = until !== undefined && until > now ? record.previous : undefined;
  return {
    signing: [record.current, ...(previous === undefined ? [] : [previous])],
    // Receivers of this header know one secret, so it changes at a moment that their owner chooses.
    plain: previous !== undefined && record.promoted !== true ? previous : record.current,
    names: previous === undefined ? (["current"] as const) : (["current", "previous"] as const),
  };
}

/**
 * The two signature headers of a delivery.
 *
 * @param timestamp Unix seconds of this attempt.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signWebhook({
  id,
  timestamp,
  body,
  signing,
  plain,
}: {
  id: string;
  timestamp: number;
  body: string;
  signing: readonly string[];
  plain: string;
}): { "webhook-signature": string; "x-signature": string } {
  const signatures = signing.map((secret) => {
    const mac = createHmac("sha256", keysOf(secret).standard).update(`${id}.${timestamp}.${body}`);
    return `v1,${mac.digest("base64")}`;
  });
  return {
    "webhook-signature": signatures.join(" "),
    "x-signature": createHmac("sha256", keysOf(plain).plain).update(body).digest("hex"),
  };
}
