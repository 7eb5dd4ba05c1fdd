import { requireNotHeld } from "#core/access/held.ts";
import { ownedOf } from "#core/access/organization-now.ts";
import { requireAllowed } from "#core/content/require-allowed.ts";
import { changeWrites, newsOf } from "#core/files/change-writes.ts";
import { fileView } from "#core/files/file-view.ts";
import { arrival, placeAt, targetFolder } from "#core/files/move-target.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { iso } from "#core/kernel/time.ts";
import { requireWorkspaceNamed } from "#core/workspaces/workspace-named.ts";
import { acceptThing, type Into } from "./accept-thing.ts";
import type { Claimed } from "./contract.ts";
import { gone } from "./find-claim.ts";

/**
 * Moves a file to where its claimer wants it and may create: with its versions, history and fencing numbers.
 *
 * @throws WharfError not_found, transfer_gone; forbidden, policy_denied, name_taken, type_mismatch, file_locked; conflict.
 */
export async function acceptFile(
  deps: Deps,
  call: Call,
  token: string,
  { workspace: into, folder = { segments: [] }, first }: Into,
): Promise<Claimed> {
  const workspace_id = await requireWorkspaceNamed(deps, call.caller, into);
  return acceptThing(deps, call, token, first, async ({ transfer, file, workspace, belongs }) => {
    if (file === undefined) throw gone("withdrawn");
    const asked = file.asked_name ?? file.name;
    const wanted = { workspace_id, ref: folder, name: asked, isGiven: true };
    const { trail, access } = await targetFolder(deps, call, file, wanted);
    const from = ownedOf(workspace, belongs);
    const to = access.workspace;
    if (to.workspace_id !== from.workspace_id) {
      requireNotHeld(from);
      requireAllowed(to, file, asked);
    }
    const { trail: _, ...place } = await placeAt(deps, file, {
      ...{ workspace_id, trail, asked, isBlind: access.blind },
    });
    const now = deps.now();
    const changed = {
      ...{ ...file, ...place, ...arrival(file, { from, to, now }) },
      // From now on it is judged by itself, in the same workspace too.
      ...(transfer.keep.shares ? {} : { came_ms: now, links_since_ms: now }),
      updated_at: iso(now),
    };
    const preconditions = { epoch: from.epoch };
    return {
      ...{ now, to },
      writes: changeWrites(call, { file, changed, trail, news: newsOf(file, changed), preconditions, now }),
      shown: { file: fileView(changed, { trail, own: access.blind }) },
    };
  });
}
