import { type Key, keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import type { Call, Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import type { Allowed } from "#core/kernel/rights.ts";
import { type Asked, authorize } from "./authorize.ts";
import { type Located, locateNode, locateWorkspace, nodeIn } from "./place.ts";

/** With what a resource is looked for: who asks, and what was read with its token. */
interface Looking {
  caller: Caller;
  /** What is read beside it is added here, for the verb. */
  ahead: Item[];
  deps: TableDeps;
}

/** How a route's resource follows from its path. */
export interface Resource<P> {
  /** What comes in the round trip of the caller's token. */
  reads(params: P): readonly Key[];
  /** `undefined` where there is none. */
  locate(params: P, looking: Looking): Located | undefined | Promise<Located | undefined>;
  /** How it is called where it is refused. */
  what(params: P): readonly [kind: string, id: string];
}

/**
 * Decides about what `params` name, as before the verb of a route that is about it.
 *
 * @param looking `ahead`: what `reads` names, where it is there.
 * @throws WharfError not_found, forbidden
 */
export async function authorizeOn<P>(
  { locate, what }: Resource<P>,
  params: P,
  looking: Looking & Pick<Call, "decided">,
  asked: Omit<Asked, "what">,
): Promise<Allowed> {
  const located = await locate(params, looking);
  return authorize(looking.deps, looking, located, { ...asked, what: what(params) });
}

/** A file by `{id}`. */
export const ofFile: Resource<{ id: string }> = {
  reads: ({ id }) => [keys.node(id)],
  locate: ({ id }, { caller, ahead }) => locateNode(caller.id, nodeIn(ahead, id)),
  what: ({ id }) => ["file", id],
};

/** A folder by `{id}`. */
export const ofFolder: Resource<{ id: string }> = { ...ofFile, what: ({ id }) => ["folder", id] };

/** A workspace by `{id}`. */
export const ofWorkspace: Resource<{ id: string }> = {
  reads: ({ id }) => [keys.workspace(id)],
  locate: ({ id }, { ahead }) => locateWorkspace(ahead, id),
  what: ({ id }) => ["workspace", id],
};
