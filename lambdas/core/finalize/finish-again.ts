import type { Scope } from "#contract/scopes.ts";
import { type FinalizeAnswer, finalizeAnswer } from "./contract.ts";
import { withoutLink } from "./upload-end.ts";

/** What decides whether a token may know of an upload's link. */
const LINK_SCOPES: ReadonlySet<Scope> = new Set(["shares:write", "files:read", "admin"]);

/** A recorded answer; its link is for tokens that may know of it. */
export function finishAgain(recorded: unknown, lacking: readonly Scope[]): FinalizeAnswer {
  const answer = finalizeAnswer.parse(recorded);
  return lacking.some((scope) => LINK_SCOPES.has(scope)) ? withoutLink(answer) : answer;
}
