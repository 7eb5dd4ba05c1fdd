/** Event patterns, as EventBridge's rules and Lambda's filters have them, and whether they match an event. */

export interface PatternCase {
  readonly pattern: Record<string, unknown>;
  readonly event: Record<string, unknown>;
  readonly matches: boolean;
}

const event = {
  source: "aws.s3",
  "detail-type": "Object Created",
  detail: { size: 5, key: "o/a.pdf", tags: ["x", "y"], none: null, done: true, text: "5" },
};

const rows: readonly (readonly [matches: boolean, pattern: Record<string, unknown>])[] = [
  [true, { source: ["aws.s3"] }],
  [false, { source: ["aws.ec2"] }],
  [true, { source: ["aws.ec2", "aws.s3"] }],
  [false, { source: ["AWS.S3"] }],
  [false, { source: ["aws.s3"], "detail-type": ["Object Deleted"] }],
  [true, { detail: { key: [{ prefix: "o/" }] } }],
  [false, { detail: { key: [{ prefix: "O/" }] } }],
  [true, { detail: { key: [{ prefix: { "equals-ignore-case": "O/" } }] } }],
  [true, { detail: { key: [{ suffix: ".pdf" }], size: [{ numeric: [">", 0, "<=", 5] }] } }],
  [false, { detail: { size: [{ numeric: [">", 5] }] } }],
  [false, { detail: { text: [{ numeric: ["=", 5] }] } }],
  [true, { detail: { size: [5] } }],
  [false, { detail: { size: ["5"] } }],
  [false, { detail: { text: [5] } }],
  [true, { detail: { done: [true] } }],
  [false, { detail: { done: ["true"] } }],
  [true, { detail: { tags: ["y"] } }],
  [false, { detail: { tags: ["z"] } }],
  [true, { detail: { tags: [{ "anything-but": "x" }] } }],
  [true, { detail: { none: [null] } }],
  [false, { detail: { none: [""] } }],
  [true, { detail: { none: [{ exists: true }] } }],
  [true, { detail: { absent: [{ exists: false }] } }],
  [false, { detail: { key: [{ exists: false }] } }],
  [false, { detail: { absent: [{ exists: true }] } }],
  [false, { detail: { absent: [{ "anything-but": "a" }] } }],
  [true, { absent: { deep: [{ exists: false }] } }],
  [true, { detail: { key: [{ "anything-but": ["o/b"] }] } }],
  [false, { detail: { key: [{ "anything-but": ["o/b", "o/a.pdf"] }] } }],
  [false, { detail: { key: [{ "anything-but": { prefix: "o/" } }] } }],
  [true, { detail: { key: [{ "anything-but": { suffix: ".txt" } }] } }],
  [true, { detail: { key: [{ wildcard: "o/*.pdf" }] } }],
  [false, { detail: { key: [{ wildcard: "o/*.pd" }] } }],
  [true, { detail: { key: [{ "equals-ignore-case": "O/A.PDF" }] } }],
  [true, { $or: [{ source: ["no"] }, { detail: { size: [5] } }] }],
  [false, { $or: [{ source: ["no"] }, { detail: { size: [6] } }] }],
];

export const patternCases: readonly PatternCase[] = rows.map(([matches, pattern]) => ({
  pattern,
  event,
  matches,
}));

/** What is no pattern. */
export const brokenPatterns: readonly Record<string, unknown>[] = [
  { detail: { source: [{ like: "x" }] } },
  { source: "aws.s3" },
];
