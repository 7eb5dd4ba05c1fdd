/**
 * Which workspace a caller's last call was about, or a link's last opening, and whose that was: their records are read
 * together with the caller's token or the link, so that a decision in the workspace's root takes no round trip more. Kept
 * in this process alone. What is hinted wrongly costs a read; what is decided stands in what is read.
 */
import { type Key, keys, nameOfKey } from "#aws/keys.ts";
import type { Owned } from "#core/kernel/rights.ts";

/** Callers and links that a process remembers; the one that came first is forgotten first. */
const MAX = 1_000;
const lastOf = new Map<string, Key[]>();

/** What a decision will probably read. @param who a caller's id, or a link's key */
export const hintedKeys = (who: string): readonly Key[] => lastOf.get(who) ?? [];

/** What it was about this time. */
export function remember(who: string, { workspace_id, organization_id }: Owned): void {
  keep(who, [keys.workspace(workspace_id), keys.organization(organization_id)]);
}

/** The same where it was about an organization itself. */
export function rememberOrganization(who: string, organizationId: string): void {
  const key = keys.organization(organizationId);
  if (!hintedKeys(who).some((one) => nameOfKey(one) === nameOfKey(key))) keep(who, [key]);
}

function keep(who: string, hinted: Key[]): void {
  lastOf.delete(who);
  lastOf.set(who, hinted);
  const [first] = lastOf.keys();
  if (lastOf.size > MAX && first !== undefined) lastOf.delete(first);
}
