/**
 * Small functions, what they are sent, and what Lambda's `nodejs24.x` makes of it: for the local cloud's Lambda, which
 * `lambda.test.ts` asks, and for AWS's own emulator and runtime.
 */
import type { BehaviourId } from "../../behaviours.ts";
import type { Outcome } from "./outcome.ts";

export interface Handler {
  readonly name: string;
  readonly behaviours: readonly BehaviourId[];
  /** `index.mjs`; exports `handler`. */
  readonly code: string;
  /** @default 3 */
  readonly timeoutSeconds?: number;
  /** JSON texts, one call after the other. */
  readonly events: readonly string[];
  /** One for each event. */
  readonly outcomes: readonly Outcome[];
  /** Where the emulator isn't AWS. */
  readonly differs?: { readonly how: string; readonly documented: string };
  /** Takes Lambda's 10 s for an import. */
  readonly slow?: boolean;
}

const bad = "{}";
const good = '{"ok":true}';
const fine: Outcome = { answer: "fine" };

const error = (errorType: string, errorMessage: string, traced = true): Outcome => ({
  errorType,
  errorMessage,
  traced,
});
const exited = (how: string) =>
  error("Runtime.ExitError", `RequestId: … Error: Runtime exited ${how}`, false);

/** Answers `{"ok": true}`, and runs `statement` for any other event. */
const unlessGood = (statement: string) =>
  `export const handler = async (event) => { if (event.ok) return "fine"; ${statement} };`;

/** Called twice: the second call finds what the first left. */
const twice = (
  name: string,
  behaviours: readonly BehaviourId[],
  statement: string,
  outcome: Outcome,
): Handler => ({
  name,
  behaviours,
  code: unlessGood(statement),
  events: [bad, good],
  outcomes: [outcome, fine],
});

const exitsUntold = {
  how: "it answers 502 with an empty body, not with a Runtime.ExitError",
  documented: "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html",
};

const forever = "await new Promise(() => setInterval(() => {}, 1_000));";
/** The 6 MB that are documented, and 100 bytes that aren't. */
const MAX_ANSWER = 6_291_556;
const MAX_EVENT = 6_291_456;
const text = (length: number) => JSON.stringify("x".repeat(length - '""'.length));

/** Each is imported anew by every call, as it failed before. */
const imports: Record<string, [code: string, outcome: Outcome]> = {
  throws: [`throw new TypeError("bad");`, error("TypeError", "bad")],
  exits: ["process.exit(3);", exited("with error: exit status 3")],
  "can't be parsed": [
    "export const handler = (",
    error("Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected end of input"),
  ],
  "has no such export": [
    "export const other = 1;",
    error("Runtime.HandlerNotFound", "index.handler is undefined or not exported"),
  ],
  "exports no function": [
    "export const handler = 1;",
    error("Runtime.HandlerNotFound", "index.handler is not a function"),
  ],
  "imports what isn't there": [
    `import "./nowhere.mjs"; export const handler = () => 1;`,
    error("Error", "Cannot find module '/var/task/nowhere.mjs' imported from /var/task/index.mjs"),
  ],
  "takes a callback": [
    "export const handler = (event, context, callback) => callback(null, 1);",
    error(
      "Runtime.CallbackHandlerDeprecated",
      "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.",
    ),
  ],
};

export const handlers: readonly Handler[] = [
  ...Object.entries(imports).map(
    ([what, [code, outcome]]): Handler => ({
      name: `a module that ${what} fails each call`,
      behaviours: ["lambda.init"],
      code,
      events: [good, good],
      outcomes: [outcome, outcome],
      ...(what === "exits" && { differs: exitsUntold }),
    }),
  ),
  {
    name: "a module is imported again after it failed",
    behaviours: ["lambda.init"],
    code: `import { existsSync, writeFileSync } from "node:fs";
      const mark = new URL("mark", import.meta.url);
      if (!existsSync(mark)) { writeFileSync(mark, ""); throw new Error("the first time"); }
      export const handler = async () => "fine";`,
    events: [good, good],
    outcomes: [error("Error", "the first time"), fine],
  },
  {
    name: "a module whose import never ends is ended",
    behaviours: ["lambda.init", "lambda.timeouts"],
    code: `${forever} export const handler = async () => "fine";`,
    timeoutSeconds: 1,
    events: [good],
    outcomes: [{ timedOut: "1.00" }],
    slow: true,
  },

  {
    ...twice("a call that hangs is ended", ["lambda.timeouts"], forever, { timedOut: "1.00" }),
    timeoutSeconds: 1,
  },
  {
    ...twice("a call that computes on is ended", ["lambda.timeouts"], "for (;;);", { timedOut: "1.00" }),
    timeoutSeconds: 1,
  },
  twice(
    "a call that waits for nothing ends its environment",
    ["lambda.environment"],
    "await new Promise(() => {});",
    exited("without providing a reason"),
  ),
  twice("a call that exits", ["lambda.environment"], "process.exit(3);", exited("with error: exit status 3")),
  twice(
    "a rejection that nobody handles ends the environment, though the call has returned",
    ["lambda.environment"],
    `Promise.reject(new Error("later")); return "an answer";`,
    exited("with error: exit status 1"),
  ),
  twice(
    "an exception that nobody catches ends the environment",
    ["lambda.environment"],
    `setTimeout(() => { throw new Error("later"); }); ${forever}`,
    exited("with error: exit status 1"),
  ),
  twice(
    "null that nobody catches does too",
    ["lambda.environment"],
    `setTimeout(() => { throw null; }); ${forever}`,
    exited("with error: exit status 1"),
  ),

  twice(
    "an error has its name, message and stack",
    ["lambda.environment"],
    `throw new TypeError("bad");`,
    error("TypeError", "bad"),
  ),
  twice(
    "an error's other members are left out",
    ["lambda.environment"],
    `throw Object.assign(new Error("bad", { cause: 1 }), { name: "Own", code: "secret" });`,
    error("Own", "bad"),
  ),
  twice("a text that is thrown", ["lambda.environment"], `throw "bad";`, error("string", "bad", false)),
  twice(
    "an object that is thrown",
    ["lambda.environment"],
    "throw { a: 1 };",
    error("object", "[object Object]", false),
  ),
  twice("null that is thrown", ["lambda.environment"], "throw null;", error("object", "null", false)),
  {
    name: "a handler without promises answers, or fails",
    behaviours: ["lambda.environment"],
    code: `export const handler = (event) => { if (event.ok) return "fine"; throw new RangeError("bad"); };`,
    events: [bad, good],
    outcomes: [error("RangeError", "bad"), fine],
  },

  {
    name: "an answer is what JSON makes of it",
    behaviours: ["lambda.environment"],
    code: `const answers = [undefined, null, new Date(0), { a: undefined, b: NaN, c: new Map([[1, 2]]), d: Buffer.from("a") }, "é\\u2028"];
      export const handler = async (event) => answers[event.at];`,
    events: [0, 1, 2, 3, 4].map((at) => JSON.stringify({ at })),
    outcomes: [
      { answer: null },
      { answer: null },
      { answer: "1970-01-01T00:00:00.000Z" },
      { answer: { b: null, c: {}, d: { type: "Buffer", data: [97] } } },
      { answer: "é\u2028" },
    ],
  },
  twice(
    "an answer that is no JSON fails",
    ["lambda.environment"],
    "return { big: 1n };",
    error("Runtime.JSONStringifyError", "Unable to stringify response body"),
  ),
  {
    name: "calls of one environment share its memory, and what they left runs on in the next",
    behaviours: ["lambda.environment"],
    code: `let calls = 0; let late = 0;
      export const handler = async () => { setImmediate(() => late++); return { calls: ++calls, late }; };`,
    events: [good, good, good],
    outcomes: [1, 2, 3].map((calls) => ({ answer: { calls, late: calls - 1 } })),
  },
  {
    name: "a context has these members",
    behaviours: ["lambda.environment"],
    code: `export const handler = async (event, context) => ({
      members: Object.keys(context).sort(), isInTime: context.getRemainingTimeInMillis() > 0,
      memory: context.memoryLimitInMB });`,
    events: [good],
    outcomes: [
      {
        answer: {
          members: [
            ...[
              "awsRequestId",
              "clientContext",
              "functionName",
              "functionVersion",
              "getRemainingTimeInMillis",
            ],
            ...["identity", "invokedFunctionArn", "logGroupName", "logStreamName", "memoryLimitInMB"],
            ...["tenantId", "xRayTraceId"],
          ],
          isInTime: true,
          memory: "128",
        },
      },
    ],
  },

  {
    name: "an answer has 6 MB at most, and its environment lives on",
    behaviours: ["lambda.payload-limit"],
    code: unlessGood(`return "x".repeat(event.length - 2);`),
    events: [MAX_ANSWER, MAX_ANSWER + 1].map((length) => JSON.stringify({ length })).concat(good),
    outcomes: [
      { answer: `${MAX_ANSWER - 2} characters` },
      error(
        "Function.ResponseSizeTooLarge",
        `Response payload size exceeded maximum allowed payload size (${MAX_ANSWER} bytes).`,
        false,
      ),
      fine,
    ],
  },
  {
    name: "an event has 6 MB",
    behaviours: ["lambda.payload-limit"],
    code: "export const handler = async (event) => event.length;",
    events: [text(MAX_EVENT)],
    outcomes: [{ answer: MAX_EVENT - 2 }],
  },
  {
    name: "an event of more than 6 MB is refused before the function",
    behaviours: ["lambda.payload-limit"],
    code: "export const handler = async (event) => event.length;",
    events: [text(MAX_EVENT + 1)],
    outcomes: [{ refused: "RequestEntityTooLargeException" }],
    differs: {
      how: "it takes another 100 bytes, and hands on what is cut off there",
      documented: "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
    },
  },
];
