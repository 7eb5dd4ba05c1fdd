import { due, keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import { WharfError } from "#core/kernel/error.ts";
import type { GrantRecord } from "./records.ts";
import { MAX_IN_RECORD } from "./rights-of.ts";

/** Grants that one holder has at most. */
export const MAX_GRANTS = 1_000;

/** The name of a workspace, for a holder that may call it by that. */
interface Named {
  workspace_name?: string | undefined;
}

/**
 * The writes that give a grant: its own record, its place in the resource's list, and its holder's copy of it, in the
 * holder's record while that has room (`further: false`), else in its partition. Whoever finds no room tries the other.
 *
 * @throws WharfError grant_limit where the holder has 1,000; not_found where it is gone.
 */
export function grantWrites(grant: GrantRecord & Named, { further }: { further: boolean }): Write[] {
  const { workspace_name, ...record } = grant;
  const { grant_id, on, workspace_id, role, actions, expires_ms } = record;
  const held = { on, workspace_id, role, actions, expires_ms };
  const ends = expires_ms === undefined ? {} : due("grant", expires_ms, grant_id);
  return [
    {
      put: { ...keys.grant(grant_id), ...record, ...ends },
      condition: "attribute_not_exists(#pk)",
    },
    { put: { ...keys.resourceGrant(on, grant_id), ...record }, condition: "attribute_not_exists(#pk)" },
    ...(further ? furtherWrites(grant, held) : [inRecord(grant, held)]),
  ];
}

function inRecord(
  { grant_id, principal_id, workspace_id, workspace_name }: GrantRecord & Named,
  held: object,
): Write {
  return {
    key: keys.principal(principal_id),
    update: {
      set: { [`grants.${grant_id}`]: held, [`workspaces.${workspace_id}`]: workspace_name },
    },
    condition: `${LIVES} AND size(#grants) < :room`,
    values: { room: MAX_IN_RECORD },
  };
}

function furtherWrites({ grant_id, principal_id, workspace_id }: GrantRecord, held: object): Write[] {
  return [
    {
      key: keys.principal(principal_id),
      update: { add: { more_grants: 1 } },
      condition: `${LIVES} AND (attribute_not_exists(#more_grants) OR #more_grants < :most)`,
      values: { most: MAX_GRANTS - MAX_IN_RECORD },
      else: () =>
        new WharfError(
          "grant_limit",
          `${principal_id} has ${MAX_GRANTS} grants, and more it can't have. Grant on a folder or workspace above, or to a group.`,
          { max: MAX_GRANTS },
        ),
    },
    {
      put: { ...keys.furtherGrant(principal_id, workspace_id, grant_id), grant_id, ...held },
      condition: "attribute_not_exists(#pk)",
    },
  ];
}

const LIVES =
  "attribute_exists(#pk) AND attribute_not_exists(#revoked_at) AND attribute_not_exists(#disabled_at)";
