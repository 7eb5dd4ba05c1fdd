/** Is a history of one file's lock one that a single lock, used by one caller at a time, could have had? */

import { sha256 } from "#aws/keys.ts";

/** As the contract has it; not imported, since a wrong one must show. */
export const GRACE_MS = 2_000;
export const PROVISIONAL_MS = 10_000;

/** One call of a verb, as its caller saw it. `end` is infinite where its outcome is unknown. */
export interface Operation {
  /** `touch`: a write that is fenced as a commit is, and makes no version. */
  kind: "acquire" | "renew" | "release" | "break" | "commit" | "touch" | "look" | "sweep";
  start: number;
  end: number;
  /** The caller's clock where the verb read it last. */
  clock: number;
  token?: string | undefined;
  ifMatch?: string | undefined;
  /** An acquisition that had to wait. */
  waited?: boolean;
  /** What the call sets, also where its answer was lost. */
  sets: { token?: string | undefined; expires?: number; whole?: number | undefined; version?: string };
  outcome: /** `held`: SHA-256 of the token whose lease stands, where the call tells. */
    | { as: "done"; fencing?: number; version?: string; held?: string | undefined }
    | { as: "refused"; code: string; vague: boolean }
    | { as: "unknown" };
}

interface State {
  token: string | undefined;
  expires: number;
  /** Of a provisional lease: its end once it is used. */
  whole?: number | undefined;
  /** Another has written since it ran out. */
  passed: boolean;
  fencing: number;
  version: string;
}

/** True where some order of the operations, each between its start and its end, explains every answer. */
export function isLinearizable(operations: readonly Operation[], version: string): boolean {
  const seen = new Set<string>();
  const done = new Set<number>();
  return explain({ token: undefined, expires: 0, passed: false, fencing: 0, version });

  function explain(state: State): boolean {
    const open = operations.flatMap((operation, index) => (done.has(index) ? [] : [{ operation, index }]));
    if (open.every(({ operation }) => operation.end === Number.POSITIVE_INFINITY)) return true;
    const key = `${[...done].sort((a, b) => a - b).join()} ${Object.values(state).join()}`;
    if (seen.has(key)) return false;
    seen.add(key);
    const firstEnd = Math.min(...open.map(({ operation }) => operation.end));
    for (const { operation, index } of open) {
      if (operation.start > firstEnd) continue;
      done.add(index);
      for (const next of after(state, operation)) if (explain(next)) return true;
      done.delete(index);
    }
    return false;
  }
}

/** The states that an operation can leave; none where its answer can't be given in this state. */
function after(state: State, operation: Operation): State[] {
  const { kind, clock, token, ifMatch, sets, outcome } = operation;
  const held = state.token !== undefined;
  const free = !held || state.expires + GRACE_MS <= clock;
  const mine = held && !state.passed && state.token === token && state.expires > clock;
  const none = { ...state, token: undefined, whole: undefined, passed: false };
  // A write past a lease ends it, whatever its holder's clock shows.
  const used =
    token === undefined
      ? { ...state, passed: held }
      : { ...state, expires: state.whole ?? state.expires, whole: undefined };
  if (outcome.as === "refused") return refusedRightly(state, operation, { held, free, mine }) ? [state] : [];
  const fits = ({ token, fencing, version }: State) =>
    outcome.as === "unknown" ||
    ((outcome.fencing ?? fencing) === fencing &&
      (outcome.version ?? version) === version &&
      (!("held" in outcome) || outcome.held === (token && sha256(token))));
  const next = (): State[] => {
    switch (kind) {
      case "acquire":
        // Without a token nothing was sent.
        if (!free || sets.token === undefined) return [];
        return [
          {
            ...{ ...state, token: sets.token, fencing: state.fencing + 1 },
            ...{ expires: sets.expires ?? 0, whole: sets.whole, passed: false },
          },
        ];
      case "renew":
        return mine ? [{ ...state, expires: sets.expires ?? 0, whole: undefined }] : [];
      case "release":
        if (!held) return [state];
        return state.token === token ? [none] : [];
      case "break":
        return [held ? { ...none, fencing: state.fencing + 1 } : state];
      case "touch":
      case "commit":
        if (!(token === undefined ? free : mine) || (ifMatch ?? state.version) !== state.version) return [];
        if (kind === "touch") return [used];
        return sets.version === undefined ? [] : [{ ...used, version: sets.version }];
      case "sweep":
        return held && free ? [none, state] : [state];
      case "look":
        return [state];
    }
  };
  return next().filter(fits);
}

function refusedRightly(
  state: State,
  { token, ifMatch, outcome }: Operation,
  { held, free, mine }: { held: boolean; free: boolean; mine: boolean },
): boolean {
  if (outcome.as !== "refused" || outcome.vague) return true;
  switch (outcome.code) {
    case "file_locked":
      return !free;
    case "lock_lost":
      return !mine;
    case "lock_token_mismatch":
      return held && state.token !== token;
    case "version_mismatch":
      return state.version !== ifMatch;
    default:
      return false;
  }
}
