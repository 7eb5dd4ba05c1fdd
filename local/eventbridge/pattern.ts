/** Event patterns, as EventBridge and event-source mappings' filters match them. */
import { globMatches } from "../glob.ts";
import { isRecord } from "../wire.ts";

/** A pattern: fields with arrays of literals and matchers, nested like the event. */
export type Pattern = Record<string, unknown>;

/**
 * True where `event` matches: every field of the pattern must, any of its alternatives will do.
 * `checkPattern` says beforehand what isn't understood.
 */
export function matches(pattern: Pattern, event: unknown): boolean {
  return Object.entries(pattern).every(([field, rule]) => {
    if (field === "$or")
      return Array.isArray(rule) && rule.some((choice) => isRecord(choice) && matches(choice, event));
    const value = isRecord(event) ? event[field] : undefined;
    if (Array.isArray(rule)) return matchesAny(rule, value);
    if (isRecord(rule)) return matches(rule, isRecord(value) ? value : {});
    throw new Error(`pattern: ${field} must be an array or an object`);
  });
}

/** @throws Error naming the first thing in a pattern that isn't understood here. */
export function checkPattern(pattern: Pattern): void {
  for (const [field, rule] of Object.entries(pattern)) {
    const rules = Array.isArray(rule) ? rule : [rule];
    for (const one of rules) {
      if (!Array.isArray(rule) || field === "$or") {
        if (!isRecord(one)) throw new Error(`pattern: ${field} must be an array or an object`);
        checkPattern(one);
      } else if (isRecord(one)) {
        const [operator = "", ...more] = Object.keys(one);
        if (more.length > 0 || !Object.hasOwn(operators, operator)) {
          throw new Error(
            `pattern: operator ${JSON.stringify([operator, ...more].join(" "))} is not known here`,
          );
        }
      }
    }
  }
}

function matchesAny(rules: readonly unknown[], value: unknown): boolean {
  // An array in the event matches where any of its elements does.
  const values = Array.isArray(value) && value.length > 0 ? value : [value];
  return values.some((one) => rules.some((rule) => matchesOne(rule, one)));
}

function matchesOne(rule: unknown, value: unknown): boolean {
  if (!isRecord(rule)) return rule === value;
  const [[operator, operand] = ["", undefined], ...more] = Object.entries(rule);
  if (more.length > 0)
    throw new Error(`pattern: one operator at a time, not ${Object.keys(rule).join(", ")}`);
  const match = operators[operator];
  if (match === undefined) throw new Error(`pattern: operator ${JSON.stringify(operator)} is not known here`);
  return match(value, operand);
}

const operators: Record<string, (value: unknown, operand: unknown) => boolean> = {
  exists: (value, operand) => (value !== undefined) === operand,
  prefix: (value, operand) =>
    isRecord(operand)
      ? text(value, (given) =>
          given.toLowerCase().startsWith(String(operand["equals-ignore-case"]).toLowerCase()),
        )
      : text(value, (given) => given.startsWith(String(operand))),
  suffix: (value, operand) => text(value, (given) => given.endsWith(String(operand))),
  "equals-ignore-case": (value, operand) =>
    text(value, (given) => given.toLowerCase() === String(operand).toLowerCase()),
  wildcard: (value, operand) =>
    // EventBridge: `*` is the one wildcard.
    text(value, (given) => globMatches(String(operand), given, { starsOnly: true })),
  "anything-but": (value, operand) => {
    if (value === undefined) return false;
    const refused = Array.isArray(operand) ? operand : [operand];
    return !refused.some((rule) => matchesOne(rule, value));
  },
  numeric: (value, operand) => {
    if (typeof value !== "number" || !Array.isArray(operand)) return false;
    for (let index = 0; index < operand.length; index += 2) {
      const limit = Number(operand[index + 1]);
      const compare = comparisons[String(operand[index])];
      if (compare === undefined) throw new Error(`pattern: ${String(operand[index])} compares no numbers`);
      if (!compare(value, limit)) return false;
    }
    return true;
  },
};

const comparisons: Record<string, (value: number, limit: number) => boolean> = {
  "=": (value, limit) => value === limit,
  "<": (value, limit) => value < limit,
  "<=": (value, limit) => value <= limit,
  ">": (value, limit) => value > limit,
  ">=": (value, limit) => value >= limit,
};

function text(value: unknown, test: (given: string) => boolean): boolean {
  return typeof value === "string" && test(value);
}
