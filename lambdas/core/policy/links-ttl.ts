import { later, least } from "./meets.ts";
import type { Act, Finding, Rule, Values } from "./rule.ts";

/** Seconds that a link lives where nobody has said anything. */
const DAY = 86_400;

export const linksMaxTtl: Rule<"links.max_ttl_seconds"> = {
  unset: 7 * DAY,
  meet: least,
  judge(max, act, all) {
    if (act.action !== "create_share" || act.expire_in === undefined || max === null) return undefined;
    const given = act.expire_in;
    if (given !== null && given <= max) return undefined;
    const passes = `Send an expire_in of ${max} or less`;
    if (all["links.ttl_mode"] === "refuse") return { kind: "deny", given, passes };
    return { kind: "clamp", given, to: max, passes };
  },
};

export const linksDefaultTtl: Rule<"links.default_ttl_seconds"> = {
  unset: DAY,
  meet: (one, other) => Math.min(one, other),
};

export const linksTtlMode: Rule<"links.ttl_mode"> = {
  unset: "refuse",
  meet: later(["clamp", "refuse"] as const),
};

/** Seconds that a link gets of which this was asked; `null`: it has no end. */
export function ttlOf(
  all: Values,
  { expire_in }: Pick<Extract<Act, { action: "create_share" }>, "expire_in">,
  clamp: Finding | undefined,
): number | null {
  if (clamp !== undefined) return all["links.max_ttl_seconds"];
  if (expire_in !== undefined) return expire_in;
  return least(all["links.default_ttl_seconds"], all["links.max_ttl_seconds"]);
}
