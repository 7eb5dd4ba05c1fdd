/** A check of Wharf on LocalStack: a story through the API, which throws where it goes wrong. */
import type { Check } from "../part.ts";
import type { Companion } from "./companion.ts";
import type { Deployment } from "./target.ts";

export interface World extends Deployment {
  /** A link of this deployment at an address that resolves here. */
  reach(url: string): string;
  /** The functions' environments, where they run here; none of a LocalStack that somebody else started. */
  readonly companion: Companion | undefined;
  /** A Python that has `requests`. */
  readonly python: string;
}

export interface Story extends Check {
  /** Real milliseconds that it may take. @default 120,000 */
  readonly patienceMs?: number;
  /** Why it needs the LocalStack that runs here: it is skipped, in these words, on any other. */
  readonly hereOnly?: string;
  /** Returns what is worth a word. @throws Skipped */
  run(world: World): Promise<string | undefined>;
}

/** What can't be looked at, and why. */
export class Skipped extends Error {}
