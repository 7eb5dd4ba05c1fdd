interface Demanding {
  "If-Match"?: string | undefined;
  "Lock-Token"?: string | undefined;
}

/** What the headers of `fence` (contract/headers.ts) demand of a write: its `Preconditions`. */
export function preconditionsOf(headers: Demanding) {
  return { lockToken: headers["Lock-Token"], ifMatch: headers["If-Match"] };
}

/** The conditions of a write are part of what it asks for; a lease only says who asks. */
export function conditionsOf({ "If-Match": ifMatch, "If-None-Match": ifNoneMatch }: Record<string, unknown>) {
  return ifMatch === undefined && ifNoneMatch === undefined ? undefined : { ifMatch, ifNoneMatch };
}
