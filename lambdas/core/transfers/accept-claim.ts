import { invalidMember } from "#core/accounts/maker.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { acceptFile } from "./accept-file.ts";
import { acceptFolder } from "./accept-folder.ts";
import { acceptShare } from "./accept-share.ts";
import { acceptWorkspace } from "./accept-workspace.ts";
import type { Claimed, ClaimRequest } from "./contract.ts";
import { findClaim } from "./find-claim.ts";

/**
 * Makes what a transfer offers the claimer's, as what it is.
 *
 * @throws WharfError invalid_request for words of another kind of thing; as `acceptWorkspace`, `acceptFolder`, `acceptFile` and `acceptShare`
 */
export async function acceptClaim(
  deps: Deps,
  call: Call,
  token: string,
  { organization, workspace, folder }: ClaimRequest,
): Promise<Claimed> {
  const first = await findClaim(deps, call, token);
  if (first.transfer.type === "share")
    return acceptShare(deps, call, token, { organization, workspace, folder, first });
  if (first.transfer.type === "workspace") {
    if (workspace !== undefined) throw invalidMember("workspace", OF_FILES);
    if (folder !== undefined) throw invalidMember("folder", OF_FILES);
    return acceptWorkspace(deps, call, token, { organization, first });
  }
  if (organization !== undefined)
    throw invalidMember(
      "organization",
      "is said of a workspace; of a folder or file name the workspace that it is to be in",
    );
  if (workspace === undefined)
    throw invalidMember("workspace", "is needed for a folder or file: name one of yours that it is to be in");
  const accept = first.transfer.type === "file" ? acceptFile : acceptFolder;
  return accept(deps, call, token, { workspace, folder, first });
}

const OF_FILES =
  "is said of a folder or file; this is a workspace, which belongs to an organization of yours then";
