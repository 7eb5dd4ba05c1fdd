import { createHmac, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { ConditionFailed, type Table } from "#aws/table.ts";
import type { Deps } from "#core/kernel/deps.ts";

const setting = z.object({ value: z.string() });

/** One read per execution environment; the promise is kept so that calls at once share it. */
const cached = new WeakMap<Table, Promise<KeyObject>>();

/**
 * The secret of a share's link: the first 128 bits of HMAC-SHA256(link key, share id), 22 characters of base64url.
 *
 * It derives from the id, so that a repeated answer can hold the same link although the table keeps only a hash.
 * Never log it, and never put it into an event.
 */
export async function linkToken(deps: Pick<Deps, "table">, shareId: string): Promise<string> {
  const digest = createHmac("sha256", await linkKey(deps))
    .update(shareId)
    .digest();
  return digest.subarray(0, 16).toString("base64url");
}

function linkKey({ table }: Pick<Deps, "table">): Promise<KeyObject> {
  const known = cached.get(table);
  if (known !== undefined) return known;
  const reading = readOrMake(table);
  cached.set(table, reading);
  reading.catch(() => cached.delete(table));
  return reading;
}

/** 32 random bytes, made by whichever environment comes first. */
async function readOrMake(table: Table): Promise<KeyObject> {
  const key = keys.setting("link-key");
  const stored = (await table.get(setting, key))?.value ?? (await make(table, randomBytes(32)));
  return createSecretKey(stored, "base64url");

  async function make(target: Table, bytes: Buffer): Promise<string> {
    const value = bytes.toString("base64url");
    try {
      await target.put({ put: { ...key, value }, condition: "attribute_not_exists(#pk)" });
      return value;
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
      return setting.parse(error.item).value;
    }
  }
}
