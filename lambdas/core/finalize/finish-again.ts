import type { Scope } from "#contract/scopes.ts";
import { type FinalizeAnswer, finalizeAnswer } from "./contract.ts";
import { withoutLink } from "./upload-end.ts";

/** What decides whether a token may know of an upload's link. */
const LINK_SCOPES: ReadonlySet<Scope> = new Set(["shares:write", "files:read", "admin"]);

/** A recorded answer; its link is for tokens that may know of it. */
export async function finishAgain(
  recorded: unknown,
  _: unknown,
  lacking: readonly Scope[],
): Promise<FinalizeAnswer> {
  const answer = finalizeAnswer.parse(recorded);
  return lacking.some((scope) => LINK_SCOPES.has(scope)) ? withoutLink(answer) : answer;
}
