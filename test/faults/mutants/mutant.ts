/** A condition that is taken away, and the test that must be red without it. */
export interface Mutant {
  /** What the condition says. */
  name: string;
  /** Texts to replace; each must stand in its file. */
  changes: readonly { file: string; from: string; to: string }[];
  /** Any of the tests whose names hold one of the titles; all of the file's where there is none. */
  red: { file: string; titles: readonly string[] };
}
