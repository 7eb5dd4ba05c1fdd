import { createHash } from "node:crypto";

const BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; // Crockford's, as in ULIDs

/**
 * The id of an event's delivery to an endpoint: the same however often it is made, so that what is done twice
 * meets itself. Begins with the event's time, so that deliveries sort as their events do.
 */
export function deliveryId(webhookId: string, eventId: string): string {
  const time = eventId.slice("evt_".length, "evt_".length + 10);
  return `dlv_${time}${base32(createHash("sha256").update(`${webhookId}#${eventId}`).digest())}`;
}

/** The least id that a delivery of an event at `ms` can have. */
export function firstDeliveryId(ms: number): string {
  let [time, rest] = ["", Math.max(0, ms)];
  for (let digit = 0; digit < 10; digit++) {
    time = BASE32.charAt(rest % 32) + time;
    rest = Math.floor(rest / 32);
  }
  return `dlv_${time}${"0".repeat(16)}`;
}

/** 16 characters from the first 80 bits. */
function base32(bytes: Buffer): string {
  let bits = BigInt(`0x${bytes.subarray(0, 10).toString("hex")}`);
  let text = "";
  for (let digit = 0; digit < 16; digit++) {
    text = BASE32.charAt(Number(bits & 31n)) + text;
    bits >>= 5n;
  }
  return text;
}
