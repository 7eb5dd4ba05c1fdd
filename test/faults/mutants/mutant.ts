/** A condition that is taken away, and what must be red without it: a case of the harness, or a test. */
export type Mutant = Taken & (ByCase | ByTest);

interface Taken {
  /** What the condition says. */
  name: string;
  /** Texts to replace; each must stand in its file. */
  changes: readonly { file: string; from: string; to: string }[];
}

interface ByCase {
  /** A case of `npm run test:faults`, by its name. */
  case: string;
  why?: never;
  red?: Tests;
}

interface ByTest {
  case?: never;
  /** Why no case of the harness is red without it. */
  why?: string;
  red: Tests;
}

/** Any of the tests whose names hold one of the titles; all of the file's where there is none. */
interface Tests {
  file: string;
  titles: readonly string[];
}
