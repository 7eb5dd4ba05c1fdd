/** An endpoint's epoch: whoever judges it by what an attempt has answered demands the epoch that the attempt began in. */
import { randomBytes } from "node:crypto";

/** One that no other endpoint has had, nor this one before. */
export function newEpoch(): string {
  return randomBytes(6).toString("base64url");
}

/** Holds for an endpoint, or its state, in this epoch: `:epoch`, or as the value is called where another begins. */
export function sameEpoch(epoch: string | undefined, value = "epoch"): string {
  return epoch === undefined ? "attribute_not_exists(#epoch)" : `#epoch = :${value}`;
}
