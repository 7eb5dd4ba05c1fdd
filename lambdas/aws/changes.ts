/**
 * What an update changes, as data, and the expression that is made of it.
 *
 * `a.b` is the member `b` of the map `a`. A value is declared by its attribute's name, as `:a` or `:a_b`, so that a
 * condition may ask for what is set.
 */

type Values = Record<string, unknown>;

export interface Changes {
  /** New values, or what `ifNone`, `copyOf` and `plus` compute. What is `undefined` is left as it is. */
  set?: Values;
  remove?: readonly string[];
  /** By how much numbers grow, and what sets gain. */
  add?: Record<string, number | Set<string>>;
  /** What sets lose. */
  delete?: Record<string, Set<string>>;
}

/** Changes that don't count, as far as the compiler sees: what is set to `plus` is found when it is written. */
export type Settled = Changes & { add?: never };

/** Anything that can stand in an attribute. */
type Present = NonNullable<unknown> | null;

const TEXT = Symbol("text");
/** A value that DynamoDB finds at the moment of the write. */
export interface Computed {
  /** Its text for an attribute `#a`; `declare` makes `:a` of a value. */
  [TEXT](attribute: string, declare: (value: unknown) => string): string;
  counts: boolean;
}

/** What the attribute has; `value` where it has none. */
export function ifNone(value: Present): Computed {
  return {
    [TEXT]: (attribute, declare) => `if_not_exists(${attribute}, ${textOf(value, attribute, declare)})`,
    counts: false,
  };
}

/** What another attribute has; `otherwise` where it has none. */
export function copyOf(path: string, otherwise?: Present): Computed {
  const other = nameOf(path);
  return {
    [TEXT]: (attribute, declare) =>
      otherwise === undefined ? other : `if_not_exists(${other}, ${textOf(otherwise, attribute, declare)})`,
    counts: false,
  };
}

/** What the attribute has, and so much more. */
export function plus(more: number): Computed {
  return { [TEXT]: (attribute, declare) => `${attribute} + ${declare(more)}`, counts: true };
}

/** Whether the changes happen once more where they are sent once more. */
export function countsUp({ set = {}, add = {} }: Changes): boolean {
  return Object.keys(add).length > 0 || Object.values(set).some((value) => isComputed(value) && value.counts);
}

/**
 * The changes as an UpdateExpression, and its values with those of the condition.
 *
 * @throws Error where nothing is changed, and for a name that has two values.
 */
export function expressionOf(
  { set = {}, remove = [], add = {}, delete: lose = {} }: Changes,
  ofCondition: Values = {},
): { expression: string; values: Values } {
  const values = new Map(Object.entries(ofCondition));
  const declaring = (path: string) => (value: unknown) => {
    const name = path.replaceAll(".", "_");
    const declared = values.get(name);
    if (declared !== undefined && declared !== value)
      throw new Error(
        `:${name} is what the update gives ${path}, and has another value; call that by another name.`,
      );
    values.set(name, value);
    return `:${name}`;
  };
  const sets = Object.entries(set).filter(([, value]) => value !== undefined);
  const gains = (of: Values) =>
    Object.entries(of).map(([path, value]) => `${nameOf(path)} ${declaring(path)(value)}`);
  const sections = {
    SET: sets.map(([path, value]) => `${nameOf(path)} = ${textOf(value, nameOf(path), declaring(path))}`),
    REMOVE: remove.map(nameOf),
    ADD: gains(add),
    DELETE: gains(lose),
  };
  const expression = Object.entries(sections)
    .flatMap(([section, actions]) => (actions.length === 0 ? [] : [`${section} ${actions.join(", ")}`]))
    .join(" ");
  if (expression === "")
    throw new Error(
      "The update changes nothing; set, remove, add or delete something, or make it a `check`.",
    );
  return { expression, values: Object.fromEntries(values) };
}

/** `#a.#b` of `a.b`. */
function nameOf(path: string): string {
  return `#${path.replaceAll(".", ".#")}`;
}

function textOf(value: unknown, attribute: string, declare: (value: unknown) => string): string {
  return isComputed(value) ? value[TEXT](attribute, declare) : declare(value);
}

function isComputed(value: unknown): value is Computed {
  return typeof value === "object" && value !== null && Object.hasOwn(value, TEXT);
}
