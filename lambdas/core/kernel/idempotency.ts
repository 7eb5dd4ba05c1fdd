/**
 * `Idempotency-Key`: a claim before the work, the answer in the transaction of the effect.
 *
 * The recorded answer may hold a link or a secret, so it is sealed with a key derived from the Idempotency-Key
 * itself, of which the table holds only a hash: without repeating the request nobody can read it. What tells one request
 * from another may hold a password, so it is an HMAC under such a key and not a bare hash, which could be guessed. Both
 * are as strong as the Idempotency-Key: 128 random bits are asked for.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { ConditionFailed, type Item } from "#aws/table.ts";
import { type Scope, scope } from "#contract/scopes.ts";
import { type Call, type Caller, hasScope } from "./call.ts";
import type { TableDeps } from "./deps.ts";
import { WharfError } from "./error.ts";
import { ttl } from "./time.ts";

const KEEP_MS = 86_400_000;
/** A claim whose function has died is free again after this. */
const CLAIM_MS = 5_000;
/**
 * A function that works renews its claim, so that a renewal may fail twice. Should it fall silent for longer, another
 * takes the claim over, and the first one's transaction fails: there is one effect all the same.
 */
const RENEW_MS = 1_500;
const MINE = "#claim = :claim AND attribute_not_exists(#answer)";
/** Given up: a claim that was made later may take its place, and no copy of its own that comes late. */
const RELEASED = " OR #released_ms < :now";
/** Each lost round is a release by a function whose clock is ahead. */
const ROUNDS = 3;
/** The same request's claim, whose function has died without an answer. */
const ABANDONED = " OR (#request = :request AND attribute_not_exists(#answer) AND #claimed_until_ms <= :now)";

const record = z.object({
  request: z.string(),
  claim: z.string(),
  claimed_until_ms: z.number(),
  released_ms: z.number().optional(),
  expires_ms: z.number(),
  answer: z.string().optional(),
});
const answerShape = z.object({
  status: z.number(),
  /** None of a 204. */
  body: z.unknown().optional(),
  /** Of the token that it was given to. */
  scopes: z.array(scope),
});

export interface Idempotency {
  /**
   * The first answer, where this request has been done already. `record` then replaces it, if it still stands.
   * `lacking`: scopes of the token that it was given to and this one has not, so that not all of it may be this one's
   * to know.
   */
  replay?: { status: number; body?: unknown; lacking: readonly Scope[] };
  /** This request came before under this key, and is of a kind that is done again instead of recorded. */
  repeated?: true;
  record: Call["record"];
  /** Keeps the answer to what has been done already, for requests that come again. */
  keep(body: unknown): Promise<void>;
  /**
   * Gives the claim up, so that a corrected request can use the key.
   *
   * @throws WharfError idempotency_in_progress where another has taken it over: its answer is the one that counts.
   */
  release(): Promise<void>;
  /** The function has answered: the claim is renewed no more. */
  end(): void;
}

interface KeyedRequest {
  caller: Caller;
  /** What tells one request from another. */
  request: unknown;
  /** Of the answer that will be recorded. */
  status: number;
  /** @default false */
  natural?: boolean;
}

const NONE: Idempotency = { record: () => [], keep: async () => {}, release: async () => {}, end() {} };

/**
 * Claims `key` for a request, or finds what was answered to it before.
 *
 * The claim is renewed until `end` is called, which must be, whatever comes of the request. Of a `natural` request,
 * which changes nothing more when it is done again, nothing but the claim is kept.
 *
 * @throws WharfError idempotency_mismatch where the key belongs to another request, idempotency_in_progress where
 * the first is still running.
 */
export async function beginIdempotent(
  deps: TableDeps,
  { key, ...asked }: KeyedRequest & { key: string | undefined },
): Promise<Idempotency> {
  return key === undefined ? NONE : claimKey(deps, key, asked);
}

async function claimKey(
  deps: TableDeps,
  key: string,
  { caller, request, status, natural = false }: KeyedRequest,
): Promise<Idempotency> {
  let now = deps.now();
  const itemKey = keys.idempotency(caller.upload_id ?? caller.id, key);
  const fingerprint = createHmac("sha256", derive(key, "request"))
    .update(JSON.stringify(request))
    .digest("base64url");
  const claim = randomBytes(16).toString("base64url");
  for (let round = 1; ; round++) {
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
        condition: `attribute_not_exists(#pk) OR #expires_ms <= :now${RELEASED}${natural ? "" : ABANDONED}`,
        values: { now, ...(natural ? {} : { request: fingerprint }) },
      });
      return claimed();
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
      const existing = record.parse(error.item);
      if (existing.released_ms !== undefined && round < ROUNDS) {
        now = existing.released_ms + 1;
        continue;
      }
      if (existing.request !== fingerprint) throw mismatch();
      if (existing.claim === claim) return claimed();
      return natural ? { ...NONE, repeated: true } : found(existing);
    }
  }

  async function renew(): Promise<void> {
    await deps.table.update({
      key: itemKey,
      update: { set: { claimed_until_ms: deps.now() + CLAIM_MS } },
      condition: MINE,
      values: { claim },
    });
  }

  /** What was answered to the same request before. @throws WharfError idempotency_in_progress */
  function found({ answer: seen, claimed_until_ms }: z.infer<typeof record>): Idempotency {
    if (seen === undefined) throw inProgress(Math.max(1, Math.ceil((claimed_until_ms - now) / 1000)));
    const { scopes, ...first } = answerShape.parse(JSON.parse(open(key, seen)));
    return {
      ...NONE,
      replay: { ...first, lacking: scopes.filter((held) => !hasScope(caller, held)) },
      record: (body) => [recording(body, { condition: "#answer = :seen", values: { seen } })],
    };
  }

  function recording(body: unknown, { condition, values }: { condition: string; values: Item }) {
    return {
      key: itemKey,
      update: {
        set: { answer: seal(key, JSON.stringify({ status, body, scopes: [...caller.scopes] })) },
      },
      condition,
      values,
      // Another has taken the claim over, and its answer is the one that counts.
      else: () => inProgress(1),
    };
  }

  function claimed(): Idempotency {
    // One that fails is made up for by the next; a claim that is lost shows in the transaction.
    const renewing = setInterval(() => void renew().catch(() => {}), RENEW_MS);
    const own = (body: unknown) => recording(body, { condition: MINE, values: { claim } });
    return {
      end: () => clearInterval(renewing),
      record: (body) => [own(body)],
      keep: async (body) => {
        try {
          await deps.table.update(own(body));
        } catch (error) {
          // Kept by the first copy of this write, or by another that has taken the claim over.
          if (!(error instanceof ConditionFailed)) throw error;
        }
      },
      release: async () => {
        try {
          await deps.table.update({
            key: itemKey,
            update: { set: { released_ms: Math.max(now, deps.now()) } },
            condition: MINE,
            values: { claim },
          });
        } catch (error) {
          if (!(error instanceof ConditionFailed)) throw error;
          if (error.item !== undefined && error.item["claim"] !== claim) throw inProgress(1);
        }
      },
    };
  }
}

function mismatch(): WharfError {
  return new WharfError(
    "idempotency_mismatch",
    "This Idempotency-Key was used with another request in the last 24 hours. Use a new key for a new request.",
  );
}

function inProgress(seconds: number): WharfError {
  return new WharfError(
    "idempotency_in_progress",
    "The first request with this Idempotency-Key is still running.",
    { retry_after_seconds: seconds },
  );
}

/** RFC 5869: one key for each use, none of which tells of another. */
function derive(key: string, use: "answer" | "request"): Buffer {
  return Buffer.from(hkdfSync("sha256", key, "", `wharf idempotency ${use}`, 32));
}

function seal(key: string, text: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", derive(key, "answer"), nonce);
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64");
}

function open(key: string, sealed: string): string {
  const bytes = Buffer.from(sealed, "base64");
  const decipher = createDecipheriv("aes-256-gcm", derive(key, "answer"), bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
}
