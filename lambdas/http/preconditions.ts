import type { Call } from "#core/kernel/call.ts";

interface Demanding {
  "If-Match"?: string | undefined;
  "Lock-Token"?: string | undefined;
}

/**
 * What the headers of `fence` (contract/headers.ts) demand of a write: its `Preconditions`.
 *
 * @param call by whose decision it is known in which epoch of the workspace it is made.
 */
export function preconditionsOf(headers: Demanding, { access }: Pick<Call, "access">) {
  return { lockToken: headers["Lock-Token"], ifMatch: headers["If-Match"], epoch: access?.workspace.epoch };
}

/** The conditions of a write are part of what it asks for; a lease only says who asks. */
export function conditionsOf({ "If-Match": ifMatch, "If-None-Match": ifNoneMatch }: Record<string, unknown>) {
  return ifMatch === undefined && ifNoneMatch === undefined ? undefined : { ifMatch, ifNoneMatch };
}
