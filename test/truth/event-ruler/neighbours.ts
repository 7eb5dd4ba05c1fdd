/** Events that a pattern should match, and those beside them that differ in one field. */
import { isRecord } from "@wharf/local-cloud/wire.ts";

type Event = Record<string, unknown>;

/** One event of the first alternatives, and for each field the same with another value, and without it. */
export function neighbours(pattern: Record<string, unknown>): Event[] {
  const event = eventOf(pattern);
  const paths = leaves(pattern);
  const others = [`${MARK}other`, "", 0, null, [`${MARK}other`]];
  return [
    event,
    { ...event, [`${MARK}more`]: "beside it" },
    ...paths.flatMap((path) => [
      changed(event, path, undefined),
      ...others.map((value) => changed(event, path, value)),
      // A prefix and a literal are told apart by what follows them.
      changed(event, path, `${String(valueAt(event, path))}${MARK}`),
      changed(event, path, `${MARK}${String(valueAt(event, path))}`),
      changed(event, path, [`${MARK}other`, valueAt(event, path)]),
    ]),
  ];
}

/** In no pattern's values. */
const MARK = "~";

function eventOf(pattern: Record<string, unknown>): Event {
  return Object.fromEntries(
    Object.entries(pattern).flatMap(([name, rule]) => {
      if (isRecord(rule)) return [[name, eventOf(rule)]];
      const value = Array.isArray(rule) ? matching(rule[0]) : undefined;
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function matching(rule: unknown): unknown {
  if (!isRecord(rule)) return rule;
  const [[operator, operand] = ["", undefined]] = Object.entries(rule);
  if (operator === "exists") return operand === true ? "there" : undefined;
  if (operator === "anything-but") return `${MARK}something else`;
  if (operator === "prefix" || operator === "suffix" || operator === "equals-ignore-case") return operand;
  throw new Error(`there is no event yet for ${operator}`);
}

function leaves(pattern: Record<string, unknown>, above: readonly string[] = []): string[][] {
  return Object.entries(pattern).flatMap(([name, rule]) =>
    isRecord(rule) ? leaves(rule, [...above, name]) : [[...above, name]],
  );
}

function valueAt(event: unknown, path: readonly string[]): unknown {
  return path.reduce((value, name) => (isRecord(value) ? value[name] : undefined), event);
}

function changed(event: Event, [name = "", ...rest]: readonly string[], value: unknown): Event {
  const { [name]: old, ...others } = event;
  if (rest.length > 0) return { ...others, [name]: changed(isRecord(old) ? old : {}, rest, value) };
  return value === undefined ? others : { ...others, [name]: value };
}
