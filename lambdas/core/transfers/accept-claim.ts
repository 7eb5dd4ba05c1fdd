import { invalidMember } from "#core/accounts/maker.ts";
import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { acceptFile } from "./accept-file.ts";
import { acceptFolder } from "./accept-folder.ts";
import { acceptOrganization } from "./accept-organization.ts";
import { acceptShare } from "./accept-share.ts";
import { acceptWorkspace } from "./accept-workspace.ts";
import type { Claimed, ClaimRequest } from "./contract.ts";
import { findClaim } from "./find-claim.ts";

/**
 * Makes what a transfer offers the claimer's, as what it is.
 *
 * @throws WharfError invalid_request for words of another kind of thing; as `acceptOrganization`, `acceptWorkspace`,
 * `acceptFolder`, `acceptFile` and `acceptShare`
 */
export async function acceptClaim(
  deps: Deps,
  call: Call,
  token: string,
  given: ClaimRequest,
): Promise<Claimed> {
  const first = await findClaim(deps, call, token);
  if (first.organization !== undefined) {
    requireUnsaid(given, ["workspace", "folder", "organization"], OF_ORGANIZATION);
    return acceptOrganization(deps, call, token, { keep: given.keep ?? [], first });
  }
  requireUnsaid(given, ["keep"], "is said of an organization alone");
  const { organization, workspace, folder } = given;
  if (first.transfer.type === "share") {
    requireUnsaid(given, ["organization", "workspace", "folder"], OF_LINKS);
    return acceptShare(deps, call, token, first);
  }
  if (first.transfer.type === "workspace") {
    requireUnsaid(given, ["workspace", "folder"], OF_FILES);
    return acceptWorkspace(deps, call, token, { organization, first });
  }
  requireUnsaid(
    given,
    ["organization"],
    "is said of a workspace; of a folder or file name the workspace that it is to be in",
  );
  if (workspace === undefined)
    throw invalidMember("workspace", "is needed for a folder or file: name one of yours that it is to be in");
  const accept = first.transfer.type === "file" ? acceptFile : acceptFolder;
  return accept(deps, call, token, { workspace, folder, first });
}

/** @throws WharfError invalid_request */
function requireUnsaid(given: ClaimRequest, names: readonly (keyof ClaimRequest)[], why: string): void {
  for (const name of names) if (given[name] !== undefined) throw invalidMember(name, why);
}

const OF_LINKS = "is not said of a link, which stays with its file and is yours to manage";
const OF_ORGANIZATION = "is not said of an organization, which becomes yours as it is";
const OF_FILES =
  "is said of a folder or file; this is a workspace, which belongs to an organization of yours then";
