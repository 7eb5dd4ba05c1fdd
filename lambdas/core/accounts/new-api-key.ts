import { randomBytes } from "node:crypto";
import { keys, sha256 } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import type { GrantedDetail } from "#contract/roles.ts";
import type { Scope } from "#contract/scopes.ts";
import type { MadeBy } from "#core/access/records.ts";
import { newId } from "#core/kernel/ids.ts";
import { iso } from "#core/kernel/time.ts";
import { holderIn } from "./authenticate.ts";
import type { KeyRecord } from "./records.ts";

/** What a new key may do, and until when. */
interface Given {
  name: string;
  scopes: readonly Scope[];
  details?: readonly GrantedDetail[] | undefined;
  /** The key is dead at this moment (ms since the epoch). */
  expires_ms: number;
  made_by?: MadeBy | undefined;
}

/**
 * An API key of a client or person, and the write that makes it: `write` belongs into the transaction of its effect.
 *
 * @returns `api_key`, which is to be shown this once: the table has its SHA-256 alone.
 */
export function newApiKey(
  now: number,
  principal: string,
  { name, scopes, details, expires_ms, made_by }: Given,
): { key_id: string; api_key: string; write: Write } {
  const key_id = newId("key", now);
  const api_key = `whk_${holderIn(principal)}_${key_id.slice(4)}_${randomBytes(32).toString("base64url")}`;
  const record: KeyRecord = {
    ...{ key_id, principal_id: principal, name, hash: sha256(api_key), scopes: [...new Set(scopes)] },
    ...(details === undefined ? {} : { details: [...details] }),
    created_at: iso(now),
    ...(made_by === undefined ? {} : { made_by }),
    expires_ms,
  };
  const put = { ...keys.apiKey(principal, key_id), ...record };
  return { key_id, api_key, write: { put, condition: "attribute_not_exists(#pk)" } };
}
