/**
 * `Idempotency-Key`: a claim before the work, the answer in the transaction of the effect.
 *
 * The recorded answer may hold a link or a secret, so it is sealed with a key derived from the Idempotency-Key
 * itself, of which the table holds only a hash: without repeating the request nobody can read it.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { ConditionFailed, type Write } from "#aws/table.ts";
import type { Call, Caller } from "./call.ts";
import { type Deps, ttl } from "./deps.ts";
import { WharfError } from "./error.ts";

const KEEP_MS = 86_400_000;
/** A claim whose function died is free again after this: longer than API Gateway's 29 s. */
const CLAIM_MS = 35_000;
const MAX_KEY = 255;

const record = z.object({
  request: z.string(),
  claim: z.string(),
  claimed_until_ms: z.number(),
  expires_ms: z.number(),
  answer: z.string().optional(),
});
const answerShape = z.object({ status: z.number(), body: z.unknown() });

export interface Idempotency {
  /** The first answer, where this request has been done already. */
  replay?: { status: number; body: unknown };
  record: Call["record"];
  /** Gives the claim up, so that a corrected request can use the key. */
  release(): Promise<void>;
}

const NONE: Idempotency = { record: () => [], release: async () => {} };

/**
 * Claims `key` for a request, or finds what was answered to it before.
 *
 * @throws WharfError idempotency_mismatch where the key belongs to another request, idempotency_in_progress where
 * the first is still running.
 */
export async function beginIdempotent(
  deps: Pick<Deps, "table" | "now">,
  { caller, key, request }: { caller: Caller; key: string | undefined; request: unknown },
): Promise<Idempotency> {
  if (key === undefined) return NONE;
  if (!/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(key) || key.length > MAX_KEY) {
    throw new WharfError(
      "invalid_request",
      `Idempotency-Key must be 1–${MAX_KEY} printable ASCII characters.`,
    );
  }
  const now = deps.now();
  const itemKey = keys.idempotency(caller.client_id, key);
  const fingerprint = createHash("sha256").update(JSON.stringify(request)).digest("base64url");
  const claim = randomBytes(16).toString("base64url");
  try {
    await deps.table.put({
      put: {
        ...itemKey,
        request: fingerprint,
        claim,
        claimed_until_ms: now + CLAIM_MS,
        expires_ms: now + KEEP_MS,
        ttl: ttl(now + KEEP_MS),
      },
      condition:
        "attribute_not_exists(#pk) OR #expires_ms <= :now OR (#request = :request AND attribute_not_exists(#answer) AND #claimed_until_ms <= :now)",
      values: { now, request: fingerprint },
    });
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    return found(record.parse(error.item), { key, fingerprint, claim, now }) ?? claimed();
  }
  return claimed();

  function claimed(): Idempotency {
    return {
      record: (answer) => [
        {
          key: itemKey,
          update: "SET #answer = :answer",
          condition: "#claim = :claim AND attribute_not_exists(#answer)",
          values: { claim, answer: seal(key ?? "", JSON.stringify(answer)) },
        } satisfies Write,
      ],
      release: async () => {
        try {
          await deps.table.remove({
            remove: itemKey,
            condition: "#claim = :claim AND attribute_not_exists(#answer)",
            values: { claim },
          });
        } catch (error) {
          if (!(error instanceof ConditionFailed)) throw error;
        }
      },
    };
  }
}

/** What an existing record says; `undefined` where it is our own claim, whose first send took effect unseen. */
function found(
  existing: z.infer<typeof record>,
  { key, fingerprint, claim, now }: { key: string; fingerprint: string; claim: string; now: number },
): Idempotency | undefined {
  if (existing.request !== fingerprint) {
    throw new WharfError(
      "idempotency_mismatch",
      "This Idempotency-Key was used with another request in the last 24 hours. Use a new key for a new request.",
    );
  }
  if (existing.answer !== undefined) {
    return { ...NONE, replay: answerShape.parse(JSON.parse(open(key, existing.answer))) };
  }
  if (existing.claim === claim) return undefined;
  throw new WharfError(
    "idempotency_in_progress",
    "The first request with this Idempotency-Key is still running.",
    {
      retry_after_seconds: Math.max(1, Math.ceil((existing.claimed_until_ms - now) / 1000)),
    },
  );
}

const sealingKey = (key: string) => Buffer.from(hkdfSync("sha256", key, "", "wharf idempotency answer", 32));

function seal(key: string, text: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", sealingKey(key), nonce);
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64");
}

function open(key: string, sealed: string): string {
  const bytes = Buffer.from(sealed, "base64");
  const decipher = createDecipheriv("aes-256-gcm", sealingKey(key), bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
}
