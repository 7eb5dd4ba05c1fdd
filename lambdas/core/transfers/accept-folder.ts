import { requireNotHeld } from "#core/access/held.ts";
import { ownedOf } from "#core/access/organization-now.ts";
import { workspaceFor } from "#core/access/standing.ts";
import { leavingWrites, wayOut } from "#core/folders/start-move.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { Overtaken } from "#core/kernel/in-rounds.ts";
import { requireWorkspaceNamed } from "#core/workspaces/workspace-named.ts";
import { acceptThing, type Into } from "./accept-thing.ts";
import type { Claimed } from "./contract.ts";
import { gone } from "./find-claim.ts";

/** It was moved after it was read. */
function ifOvertaken(error: unknown): undefined {
  if (!(error instanceof Overtaken)) throw error;
}

/**
 * Sends a folder on its way to where its claimer wants it and may create: the sweep brings over what is in it, as with any
 * that goes to another workspace.
 *
 * @throws WharfError not_found, transfer_gone; forbidden; invalid_request where what is in it would be too deep; conflict,
 * also where it is in that workspace already.
 */
export async function acceptFolder(
  deps: Deps,
  call: Call,
  token: string,
  { workspace, folder: ref, first }: Into,
): Promise<Claimed> {
  const workspace_id = await requireWorkspaceNamed(deps, call.caller, workspace);
  return acceptThing(deps, call, token, first, async ({ transfer, folder, owned }) => {
    if (folder === undefined) throw gone("withdrawn");
    requireNotHeld(owned);
    const wanted = { workspace_id, folder: ref, isGiven: true };
    const moving = await wayOut(deps, { ...call, access: undefined }, folder, wanted).catch(ifOvertaken);
    if (moving === undefined) return undefined;
    if (workspace_id === folder.workspace_id)
      throw new WharfError("conflict", "The folder is in that workspace already. Claim it into another one.");
    const where = await workspaceFor(deps, call.caller, workspace_id);
    if (where === undefined) return undefined;
    const to = ownedOf(where.workspace, where.organization);
    const now = deps.now();
    const links_since_ms = transfer.keep.shares ? undefined : now;
    const told = { request_id: call.requestId, actor: actorOf(call.caller) };
    return {
      ...{ now, to, shown: { folder: moving } },
      writes: leavingWrites(now, folder, { ...moving, links_since_ms }, told),
    };
  });
}
