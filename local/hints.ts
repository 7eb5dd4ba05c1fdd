/** What only the app knows of damage; said after the cloud's own words. */
export interface Hints {
  /** What becomes of messages that a lost queue database held: `and the sweep sends what they lost`. */
  lostMessages?: string;
  /** How the app tells more of objects, or of parts of open uploads, that lack bytes: `GET /files/x says which`. */
  missingBytes?(keys: readonly string[], of: "object" | "part"): string | undefined;
}
