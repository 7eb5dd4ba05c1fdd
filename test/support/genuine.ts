import { Webhook } from "standardwebhooks";
import type { Received } from "./receiver.ts";

/** True where the reference implementation takes the delivery for genuine. */
export function genuine(secret: string, { body, headers }: Received): boolean {
  // The library reads the clock; the cloud's may have been moved.
  const at = Number(headers["webhook-timestamp"]);
  const expected = new Webhook(secret).sign(headers["webhook-id"] ?? "", new Date(at * 1000), body);
  return (headers["webhook-signature"] ?? "").split(" ").includes(expected);
}
