import { authorize, judge } from "#core/access/authorize.ts";
import type { Call, Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import type { Owned } from "#core/kernel/rights.ts";
import type { Offered } from "./find-offered.ts";
import { mayHandShare } from "./offered-share.ts";

/** Whose the workspace is in which somebody may hand something over; `undefined` where it may not. */
export async function mayOffer(
  deps: TableDeps,
  caller: Caller,
  { located, share }: Pick<Offered, "located" | "share">,
): Promise<Owned | undefined> {
  if (share !== undefined) return mayHandShare(deps, caller, located, share);
  const decision = await judge(deps, caller, located, "transfer");
  return decision?.allowed === true ? decision.workspace : undefined;
}

/** The same before something is offered. @throws WharfError not_found; forbidden where the caller sees it. */
export async function authorizeOffer(
  deps: TableDeps,
  call: Pick<Call, "caller" | "decided">,
  offered: Pick<Offered, "located" | "share">,
  what: readonly [kind: string, id: string],
): Promise<Owned> {
  const share = offered.share && (await mayOffer(deps, call.caller, offered));
  if (share !== undefined) {
    call.decided?.();
    return share;
  }
  return (await authorize(deps, call, offered.located, { action: "transfer", what })).workspace;
}
