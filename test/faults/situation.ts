/** What a domain's table of situations is made of. */
import type { Actor, Stage } from "./stage.ts";

export interface Story {
  /** What is done while things go wrong, by an environment of its own. */
  act(actor: Actor): Promise<unknown>;
  /** Who may act while the caller stands still; each by name. */
  meanwhile?: Record<string, () => Promise<unknown>>;
  /** What happens on the way, whatever goes wrong: races that are always lost, or its caller's death. */
  amid?: Amid | readonly Amid[];
  /** What follows, in order: a copy may arrive after each. */
  next?: Record<string, () => Promise<unknown>>;
  /** Whether what `act` answered is what a read says afterwards; tells what isn't. */
  check?(outcome: Outcome): Promise<string[]>;
  /** What it saw on the way that nothing shows in the end: part of its view. */
  seen?(): Record<string, unknown>;
  /** What else has to hold once all has come to rest; tells what doesn't. */
  end?(): Promise<string[]>;
}

/** What happens just before the first call whose label begins so, or before each. */
interface Amid {
  before: string;
  each?: true;
  run(): Promise<unknown>;
}

export interface Situation {
  /** `finalize: a new file` */
  name: string;
  /** What it brings about waits for whoever is to work it off; else that has been done before anybody acts. */
  waits?: true;
  /**
   * Who acts meanwhile has its part in the end, beside the caller: each record is as one order of the two has it, and
   * not all of them as the same.
   */
  mixed?: true;
  /** Calls whose label begins so are those that go wrong here; the others do in situations that take less time. */
  at?: string;
  /** Time goes on while it is done, since it waits. */
  ticks?: true;
  /** Events get their places in no certain order, where the sweep gives them. */
  unordered?: true;
  /** Brings it about. `me` is the same client in another environment. */
  set(stage: Stage, me: Actor): Promise<Story>;
}

/** How what was done ended: an API's answer, what a consumer returned, or why it failed. */
export interface Outcome {
  /** Of an answer of the API. */
  status?: number;
  code?: string;
  body?: unknown;
  /** Of a consumer or the administrator. */
  result?: unknown;
  failed?: string;
}

/** Situations of which several attempts may be under way. */
export const mixed = (all: readonly Situation[]): Situation[] => all.map((one) => ({ ...one, mixed: true }));

/** Situations that begin with something to work off. */
export const waiting = (all: readonly Situation[]): Situation[] =>
  all.map((one) => ({ ...one, waits: true }));
