/**
 * Checks that a webhook came from Wharf, unaltered and lately. No dependency; Node 20 or newer.
 *
 * Both of Wharf's signatures are known: `webhook-signature` of the Standard Webhooks spec (preferred: it covers the id
 * and the time) and `X-Signature`, the bare HMAC of the body, which can't tell an old delivery from a new one.
 */
import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";

/** Headers as a `Headers`, or an object whose values may be arrays (Node's `req.headers`, Lambda's events). */
export type WebhookHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

export interface VerifyOptions {
  /** The body's bytes exactly as they came, before any JSON parser. A string is taken as UTF-8. */
  body: Uint8Array | string;
  headers: WebhookHeaders;
  /** The endpoint's secret as it was shown (`whsec_…`); several while one is being replaced. */
  secret: string | readonly string[];
  /** How old or how far in the future a delivery may be, in seconds. @default 300 */
  toleranceSeconds?: number;
  /** Milliseconds since the epoch. @default Date.now() */
  now?: number;
}

/** Why a webhook was refused; answer it with 400 and do nothing. */
export class WebhookVerificationError extends Error {
  /** `missing_header`, `timestamp_too_old`, `timestamp_too_new`, `no_match` or `not_json`: stable. */
  readonly code: "missing_header" | "timestamp_too_old" | "timestamp_too_new" | "no_match" | "not_json";
  constructor(code: WebhookVerificationError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "WebhookVerificationError";
    this.code = code;
  }
}

/**
 * Verifies a delivery and returns its parsed body.
 *
 * Any signature that matches with any of the secrets is enough, so rotation needs no pause. Deliveries are repeated
 * when an answer gets lost: do each `webhook-id` (the event's `id`) once.
 *
 * @throws WebhookVerificationError
 * @example
 * const event = verifyWebhook({ body: rawBody, headers: req.headers, secret: process.env.WHARF_WEBHOOK_SECRET });
 */
export function verifyWebhook(options: VerifyOptions): unknown {
  const { body, headers, secret, toleranceSeconds = 300, now = Date.now() } = options;
  const secrets = typeof secret === "string" ? [secret] : secret;
  const bytes = typeof body === "string" ? Buffer.from(body, "utf8") : Buffer.from(body);
  const id = required(headers, "webhook-id");
  const timestamp = required(headers, "webhook-timestamp");
  const signatures = required(headers, "webhook-signature").split(" ");

  const age = now / 1000 - Number(timestamp);
  if (!/^\d{1,12}$/.test(timestamp) || age > toleranceSeconds) {
    throw new WebhookVerificationError(
      "timestamp_too_old",
      `The delivery's time is ${timestamp}, over ${toleranceSeconds} s ago.`,
    );
  }
  if (age < -toleranceSeconds) {
    throw new WebhookVerificationError(
      "timestamp_too_new",
      `The delivery's time is ${timestamp}, over ${toleranceSeconds} s ahead.`,
    );
  }
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), bytes]);
  const expected = secrets.map((one) => createHmac("sha256", keyOf(one)).update(signed).digest());
  const given = signatures.flatMap((one) =>
    one.startsWith("v1,") ? [Buffer.from(one.slice(3), "base64")] : [],
  );
  if (!anyEqual(expected, given))
    throw new WebhookVerificationError("no_match", "No signature matches the body.");
  return parse(bytes);
}

/**
 * Verifies `X-Signature` alone: 64 hex digits, HMAC-SHA256 of the raw body under the secret's UTF-8.
 *
 * For receivers that can do no more; it says nothing of the delivery's age.
 *
 * @throws WebhookVerificationError
 */
export function verifyBodySignature({
  body,
  headers,
  secret,
}: Omit<VerifyOptions, "toleranceSeconds" | "now">): unknown {
  const bytes = typeof body === "string" ? Buffer.from(body, "utf8") : Buffer.from(body);
  const given = Buffer.from(required(headers, "x-signature"), "hex");
  const secrets = typeof secret === "string" ? [secret] : secret;
  const expected = secrets.map((one) =>
    createHmac("sha256", Buffer.from(one, "utf8")).update(bytes).digest(),
  );
  if (!anyEqual(expected, [given]))
    throw new WebhookVerificationError("no_match", "X-Signature doesn't match the body.");
  return parse(bytes);
}

/** Standard Webhooks: the key is what follows `whsec_`, decoded. */
function keyOf(secret: string): Buffer {
  return Buffer.from(secret.replace(/^whsec_/, ""), "base64");
}

/** Compares all pairs, so that the time taken tells nothing of which one matched. */
function anyEqual(expected: readonly Buffer[], given: readonly Buffer[]): boolean {
  let equal = false;
  for (const one of given) {
    for (const other of expected) {
      if (one.length === other.length && timingSafeEqual(one, other)) equal = true;
    }
  }
  return equal;
}

function required(headers: WebhookHeaders, name: string): string {
  const value = find(headers, name);
  if (value !== undefined && value !== "") return value;
  throw new WebhookVerificationError(
    "missing_header",
    `The request has no header ${name}; it is not a webhook of Wharf's.`,
  );
}

function find(headers: WebhookHeaders, name: string): string | undefined {
  if (typeof headers.get === "function") return headers.get(name) ?? undefined;
  for (const [given, value] of Object.entries(headers)) {
    if (given.toLowerCase() === name) return Array.isArray(value) ? value[0] : String(value);
  }
  return undefined;
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new WebhookVerificationError("not_json", "The signed body is not JSON.", { cause });
  }
}
