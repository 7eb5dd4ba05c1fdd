import { authorize, judge } from "#core/access/authorize.ts";
import { mayInOrganization } from "#core/access/authorize-organization.ts";
import { type Call, type Caller, hasScope } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import type { Owned } from "#core/kernel/rights.ts";
import type { Offered, Which } from "./find-offered.ts";
import { mayHandShare } from "./offered-share.ts";

/** Both of which handing over an organization takes. */
export const OF_ORGANIZATIONS = ["workspaces:write", "members:write"] as const;

/** How often what may be handed over was so before, and whose the workspace is that it is, or stands in. */
interface May {
  epoch: number;
  owned?: Owned;
}

/**
 * Whether somebody may hand something over now; `undefined` where it may not. An organization's owners may, with tokens that
 * manage its workspaces and its members.
 */
export async function mayOffer(
  deps: TableDeps,
  caller: Caller,
  { resource_id }: Pick<Which, "resource_id">,
  { located, share, organization }: Offered,
): Promise<May | undefined> {
  if (organization !== undefined) {
    const isScoped = OF_ORGANIZATIONS.every((scope) => hasScope(caller, scope));
    const isOwner = isScoped && (await mayInOrganization(deps, caller, resource_id, "transfer"));
    return isOwner ? { epoch: organization.epoch } : undefined;
  }
  const owned = await mayOfferThing(deps, caller, { located, share });
  return owned && { epoch: owned.epoch, owned };
}

async function mayOfferThing(
  deps: TableDeps,
  caller: Caller,
  { located, share }: Pick<Offered, "located" | "share">,
): Promise<Owned | undefined> {
  if (share !== undefined) return mayHandShare(deps, caller, located, share);
  const decision = await judge(deps, caller, located, "transfer");
  return decision?.allowed === true ? decision.workspace : undefined;
}

/** The same before something in a workspace, or that, is offered. @throws WharfError not_found; forbidden where the caller sees it. */
export async function authorizeOffer(
  deps: TableDeps,
  call: Pick<Call, "caller" | "decided">,
  offered: Pick<Offered, "located" | "share">,
  what: readonly [kind: string, id: string],
): Promise<Owned> {
  const share = offered.share && (await mayOfferThing(deps, call.caller, offered));
  if (share !== undefined) {
    call.decided?.();
    return share;
  }
  return (await authorize(deps, call, offered.located, { action: "transfer", what })).workspace;
}
