import { WharfError } from "#core/error.ts";
import type { Preconditions } from "#core/file-write.ts";
import type { AppContext } from "./serve.ts";

/**
 * What the headers `Lock-Token` and `If-Match` demand of a write. A version id counts quoted, as ETags are, and
 * bare, and so does the ETag of a GET, which goes on after it; `*` asks that the file exists.
 *
 * @throws WharfError invalid_request for anything else, lists and weak tags among it: a condition that is ignored is
 * worse than none.
 */
export function preconditionsOf(context: AppContext): Preconditions {
  const lockToken = context.req.header("lock-token");
  const given = context.req.header("if-match")?.trim();
  if (given === undefined) return { lockToken };
  const [, quoted, bare] = /^(?:"(ver_\w+)(?:\.[\w-]+)?"|(ver_\w+|\*))$/.exec(given) ?? [];
  const ifMatch = quoted ?? bare;
  if (ifMatch === undefined) {
    throw new WharfError(
      "invalid_request",
      `If-Match must be one version's id, such as "ver_01JZZZZZZZZZZZZZZZZZZZZZZZ", or *.`,
    );
  }
  return { lockToken, ifMatch };
}
