/** What the parts of `npm run test:truth` have in common. */
import type { BehaviourId } from "@wharf/local-cloud/test/behaviours.ts";

/** A part: one implementation that none of us wrote, and what it is asked. */
export interface Part {
  /** On the command line: `npm run test:truth -- localstack`. */
  readonly name: string;
  /** Whose answer it is, with its version: `moto 5.2`. */
  readonly by: string;
  /** One line for `--list`. */
  readonly about: string;
  /** It takes longer than the others together, and runs beside them. */
  readonly beside?: true;
  /** All that it checks; what is declared here and tells nothing when it runs has failed. */
  readonly checks: readonly Check[];
  /**
   * Runs all checks and tells each one's outcome as it is known. Cleans up after itself, also where it throws.
   *
   * @throws Unavailable where the machine lacks what it needs: the part is skipped by name.
   */
  run(tell: Tell): Promise<void>;
}

export interface Check {
  readonly name: string;
  /** What of AWS it shows; none where it shows something of Wharf's alone. */
  readonly behaviours: readonly BehaviourId[];
  /** Where the other implementation is known to differ from AWS: how, and what documents that AWS doesn't. */
  readonly differs?: { readonly how: string; readonly documented: string };
}

/** An outcome of one check; `detail` says why it failed or was skipped, or what was seen. */
export interface Outcome {
  readonly outcome: "passed" | "failed" | "skipped";
  readonly detail?: string;
}

export type Tell = (check: string, outcome: Outcome) => void;
