/** What somebody offers, and whether it may, on the terms that it says. */
import { keys } from "#aws/keys.ts";
import { authorizeOrganization, epochIn } from "#core/access/authorize-organization.ts";
import { NEVER_HANDED_OVER } from "#core/access/organization-now.ts";
import { FIRST_ORGANIZATION } from "#core/access/records.ts";
import { organizationMet } from "#core/access/standing.ts";
import { invalidMember, requireUnrestricted } from "#core/accounts/maker.ts";
import { requireNoRoot } from "#core/folders/find-folder.ts";
import { type Call, requireScope } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { findOrganization } from "#core/organizations/find-organization.ts";
import type { TransferRequest } from "./contract.ts";
import { findOffered } from "./find-offered.ts";
import { authorizeOffer, OF_ORGANIZATIONS } from "./may-offer.ts";
import { deadShare, leadsThere, linkPlaceOf, requireTermsOfShare } from "./offered-share.ts";
import type { PreviewOf } from "./preview.ts";
import type { TransferRecord } from "./records.ts";

/** What the transfer's record says of it. */
type Mine = Pick<TransferRecord, "workspace_id" | "link" | "name" | "organization_id" | "epoch">;

interface Found {
  offered: PreviewOf;
  /** When (ms) it ends by itself. */
  until?: number | undefined;
}

/**
 * What the caller offers, and may hand over.
 *
 * @throws WharfError not_found, forbidden; conflict for the first organization, and for a link that is dead.
 */
export async function findMine(
  deps: TableDeps,
  call: Call,
  { type, id }: TransferRequest["resource"],
): Promise<Mine & Found> {
  if (type === "organization") return findMyOrganization(deps, call, id);
  const what = [type, id] as const;
  const link = type === "share" ? await linkPlaceOf(deps, id) : undefined;
  const [node] = type === "workspace" ? [] : await deps.table.batchGet([keys.node(link?.file_id ?? id)]);
  const workspace_id = type === "workspace" ? id : String(node?.["workspace_id"]);
  const which = { type, resource_id: id, workspace_id, link };
  const { located, workspace, file, folder, share } = await findOffered(deps, call.caller.id, which);
  const owned = await authorizeOffer(deps, call, { located, share }, what);
  if (share !== undefined && !leadsThere(deps.now(), share, owned)) throw deadShare();
  const thing = file ?? folder ?? (share && { name: share.link.share_id });
  if (workspace === undefined || (type !== "workspace" && thing === undefined)) throw notFound(...what);
  // The root is the workspace's.
  if (folder !== undefined) requireNoRoot(folder);
  const { organization_id } = workspace;
  const { name } = thing ?? workspace;
  const belongs = organizationMet(call.caller, organization_id) ?? NEVER_HANDED_OVER;
  return {
    ...{ workspace_id, link, name, organization_id, epoch: owned.epoch },
    ...{ offered: { workspace, belongs, file, folder, share }, until: share?.link.expires_ms },
  };
}

async function findMyOrganization(deps: TableDeps, call: Call, id: string): Promise<Mine & Found> {
  requireUnrestricted(call.caller);
  for (const scope of OF_ORGANIZATIONS) requireScope(call.caller, scope);
  await authorizeOrganization(deps, call, id, "transfer");
  if (id === FIRST_ORGANIZATION)
    throw new WharfError(
      "conflict",
      "This is the organization that the deployment begins with, which stays whose it is. Make one for what is to be handed over: POST /v1/orgs.",
    );
  const organization = await findOrganization(deps, id, epochIn(call.caller, id));
  const { name, epoch } = organization;
  return { name, organization_id: id, epoch, offered: { organization } };
}

/** Terms that fit what is offered. @throws WharfError invalid_request */
export function requireFitting(given: TransferRequest): void {
  const { resource, residual_role: role, keep, to } = given;
  if (resource.type === "share") {
    requireTermsOfShare(given);
    return;
  }
  const isWhole = resource.type === "organization";
  if (isWhole && role !== "none" && role !== "admin")
    throw invalidMember("residual_role", "must be none or admin of an organization: it is a role in it");
  if (!isWhole && role === "admin")
    throw invalidMember(
      "residual_role",
      "must be none, viewer, editor or manager: admin is a role in an organization",
    );
  if (isWhole && to?.organization !== undefined)
    throw invalidMember("to/organization", "an organization is handed to a person: say to.email, or nobody");
  const hearing = isWhole ? "admin" : "manager";
  if (keep.webhooks && role !== hearing)
    throw invalidMember(
      "keep/webhooks",
      `must be false, or residual_role ${hearing}: endpoints hear what their maker may`,
    );
}
