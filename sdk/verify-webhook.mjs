// Made of verify-webhook.ts: change that.
/**
 * Checks that a webhook comes from Wharf. No dependencies but `node:crypto`, which Node, Deno, Bun and edge workers
 * have.
 *
 * The signature covers the body's bytes as they came: hand over the raw body, before any framework has parsed it.
 */
import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";
/** A webhook that is not genuine, or not for now. Answer 401 and do nothing else with it. */
export class WebhookVerificationError extends Error {
    code;
    constructor(code, message) {
        super(message);
        this.name = "WebhookVerificationError";
        this.code = code;
    }
}
/**
 * Checks a webhook by the Standard Webhooks headers and returns its event.
 *
 * @throws WebhookVerificationError; `bad_option` where a tolerance or time is no number, which would check no age.
 * @see https://www.standardwebhooks.com
 * @example
 * const event = verifyWebhook({ body: rawBody, headers: req.headers, secret: process.env.WEBHOOK_SECRET });
 */
export function verifyWebhook({ headers, body, secret, toleranceSeconds = 300, now = Date.now(), }) {
    checkNumber("toleranceSeconds", toleranceSeconds);
    checkNumber("now", now);
    const id = header(headers, "webhook-id");
    const timestamp = header(headers, "webhook-timestamp");
    const given = header(headers, "webhook-signature");
    checkTime(timestamp, toleranceSeconds, now);
    const bytes = toBytes(body);
    // Others than v1 may come beside it one day; each is checked on its own.
    const signatures = given.split(" ").flatMap((one) => (one.startsWith("v1,") ? [one.slice(3)] : []));
    for (const one of list(secret)) {
        const mac = createHmac("sha256", decodeSecret(one)).update(`${id}.${timestamp}.`).update(bytes);
        const expected = mac.digest("base64");
        if (signatures.some((signature) => same(signature, expected)))
            return parse(bytes);
    }
    throw noMatch("webhook-signature");
}
/**
 * Checks a webhook by `X-Signature`, the hex HMAC-SHA256 of the body alone, and returns its event.
 *
 * It says nothing about when the webhook was sent: use `verifyWebhook` where you can, since it refuses what somebody
 * recorded and sends again.
 *
 * @throws WebhookVerificationError
 */
export function verifyBodySignature({ headers, body, secret }) {
    const given = header(headers, "x-signature").toLowerCase();
    const bytes = toBytes(body);
    for (const one of list(secret)) {
        // This scheme's key is the secret's text as it was shown, prefix and all.
        const expected = createHmac("sha256", one).update(bytes).digest("hex");
        if (same(given, expected))
            return parse(bytes);
    }
    throw noMatch("X-Signature");
}
function header(headers, name) {
    const value = headers instanceof Headers
        ? headers.get(name)
        : Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
    const text = typeof value === "object" && value !== null ? value[0] : value;
    if (text === undefined || text === null || text === "") {
        throw new WebhookVerificationError("missing_header", `the header ${name} is missing`);
    }
    return text;
}
/** Compared with NaN every age is right, and receivers written in JavaScript may hand over anything. */
function checkNumber(name, value) {
    if (typeof value === "number" && Number.isFinite(value) && value >= 0)
        return;
    throw new WebhookVerificationError("bad_option", `${name} is ${String(value)}, not a number of 0 or more`);
}
function checkTime(timestamp, toleranceSeconds, now) {
    if (!/^\d{1,12}$/.test(timestamp)) {
        throw new WebhookVerificationError("bad_timestamp", "webhook-timestamp is not a number of seconds");
    }
    const age = Math.floor(now / 1000) - Number(timestamp);
    if (age > toleranceSeconds) {
        throw new WebhookVerificationError("too_old", `the webhook was sent ${age} s ago`);
    }
    if (age < -toleranceSeconds) {
        throw new WebhookVerificationError("too_new", `the webhook says that it is sent in ${-age} s`);
    }
}
function decodeSecret(secret) {
    const encoded = secret.replace(/^whsec_/, "");
    const bytes = Buffer.from(encoded, "base64");
    if (bytes.length === 0 || bytes.toString("base64") !== encoded) {
        throw badSecret("is not whsec_ and base64");
    }
    return bytes;
}
/** In constant time for texts of the same length. */
function same(given, expected) {
    const [a, b] = [Buffer.from(given), Buffer.from(expected)];
    return a.length === b.length && timingSafeEqual(a, b);
}
function parse(bytes) {
    let event;
    try {
        event = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    }
    catch {
        throw new WebhookVerificationError("bad_body", "the body is signed, but it is not JSON");
    }
    if (isEvent(event))
        return event;
    throw new WebhookVerificationError("bad_body", "the body is signed, but it is no event with an id and a type");
}
function isEvent(value) {
    if (typeof value !== "object" || value === null || !("id" in value) || !("type" in value))
        return false;
    return typeof value.id === "string" && typeof value.type === "string";
}
function toBytes(body) {
    if (typeof body === "string")
        return new TextEncoder().encode(body);
    if (body instanceof ArrayBuffer)
        return new Uint8Array(body);
    // Not `instanceof`, which bytes of another realm fail, as in some test runners.
    if (ArrayBuffer.isView(body))
        return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
    // Written in JavaScript, a receiver may hand over what a framework has parsed.
    throw new WebhookVerificationError("bad_body", "the body is not raw: take its bytes before any JSON parser");
}
function list(secret) {
    const secrets = [secret].flat().filter((one) => one !== undefined && one !== null);
    if (secrets.length === 0)
        throw badSecret("is missing");
    for (const one of secrets) {
        if (typeof one !== "string")
            throw badSecret("is no text");
        // Anybody can sign with a key that isn't there.
        if (one === "")
            throw badSecret("is empty");
    }
    return secrets;
}
function badSecret(why) {
    return new WebhookVerificationError("bad_secret", `the secret ${why}`);
}
function noMatch(name) {
    return new WebhookVerificationError("no_match", `${name} does not match: another secret, or another body`);
}
