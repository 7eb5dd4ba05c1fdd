import { WharfError } from "#core/error.ts";
import type { Preconditions } from "#core/file-write.ts";
import type { AppContext } from "./serve.ts";

/**
 * What the headers `Lock-Token` and `If-Match` demand of a write. A version id counts quoted, as ETags are, and
 * bare; `*` asks only that the file exists, which every write does anyway.
 *
 * @throws WharfError invalid_request for anything else, since a condition that is ignored is worse than none.
 */
export function preconditionsOf(context: AppContext): Preconditions {
  const lockToken = context.req.header("lock-token");
  const ifMatch = context.req.header("if-match")?.trim();
  if (ifMatch === undefined || ifMatch === "*") return { lockToken };
  const version = /^(?:"(ver_\w+)"|(ver_\w+))$/.exec(ifMatch);
  if (version === null) {
    throw new WharfError(
      "invalid_request",
      `If-Match must be one version's id, such as "ver_01JZZZZZZZZZZZZZZZZZZZZZZZ", or *.`,
    );
  }
  return { lockToken, ifMatch: version[1] ?? version[2] };
}
