/** Wildcards and variables of policy elements. */
import { globMatches } from "../glob.ts";
import type { ConditionContext } from "../types.ts";

/** Like `globMatches`, but a wildcard stays within its part of the ARN, except in the resource part. */
export function arnMatches(pattern: string, arn: string): boolean {
  const wanted = splitArn(pattern);
  const given = splitArn(arn);
  if (given.length < 6) return globMatches(pattern, arn);
  // AWS: a pattern with too few parts is only completed where it ends in a star.
  if (wanted.length < 6) return pattern.endsWith("*") && globMatches(pattern, arn);
  return wanted.every((part, i) => globMatches(part, given[i] ?? ""));
}

function splitArn(arn: string): string[] {
  const parts = arn.split(":");
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(":")];
}

/**
 * Puts context values in place of `${key}`, `${key, 'default'}` and the literals `${*}`, `${?}`, `${$}`.
 *
 * @returns `undefined` when a variable has no value: such an element matches nothing.
 */
export function substitute(text: string, context: ConditionContext): string | undefined {
  if (!text.includes("${")) return text;
  let known = true;
  const result = text.replace(/\$\{(\$|[^${}]*)\}/g, (_all, inner: string) => {
    if (inner === "*" || inner === "?" || inner === "$") return inner;
    const [, key = "", fallback] = /^([^,\s]+)(?:\s*,\s*'([^']*)')?$/.exec(inner.trim()) ?? [];
    const value = context[key.toLowerCase()] ?? fallback;
    if (typeof value !== "string") known = false;
    return String(value);
  });
  return known ? result : undefined;
}
