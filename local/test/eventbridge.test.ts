import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { describe, expect, test } from "vitest";
import { createClock } from "../clock.ts";
import { createCredentials } from "../credentials.ts";
import { checkEntry, readEntries } from "../eventbridge/entry.ts";
import { checkPattern, matches } from "../eventbridge/pattern.ts";
import { nextRun } from "../eventbridge/schedule.ts";
import { createEventBridge } from "../eventbridge/service.ts";
import { createAwsServer } from "../server.ts";
import { createSqs } from "../sqs/service.ts";
import { AwsError } from "../types.ts";
import { brokenPatterns, patternCases } from "./conformance/patterns.ts";

describe("a pattern", { tags: ["eventbridge.patterns"] }, () => {
  test.each(patternCases)("$matches: $pattern", ({ matches: expected, pattern, event }) => {
    expect(matches(pattern, event)).toBe(expected);
  });

  test.each(brokenPatterns)("is refused: %j", (pattern) => {
    expect(() => checkPattern(pattern)).toThrow(/pattern: /);
  });
});

test("an operator that isn't known is refused by name", () => {
  expect(() => checkPattern({ detail: { source: [{ like: "x" }] } })).toThrow(/"like"/);
  expect(() => checkPattern({ source: "aws.s3" })).toThrow(/source/);
  checkPattern({ $or: [{ source: ["a"] }, { detail: { size: [{ exists: false }, 5] } }] });
});

test.each([
  ["rate(1 minute)", "2026-01-01T00:00:30Z", "2026-01-01T00:01:00Z"],
  ["rate(5 minutes)", "2026-01-01T00:05:00Z", "2026-01-01T00:10:00Z"],
  ["cron(15 3 * * ? *)", "2026-01-01T03:15:00Z", "2026-01-02T03:15:00Z"],
  ["cron(0/20 * * * ? *)", "2026-01-01T00:21:00Z", "2026-01-01T00:40:00Z"],
])("%s after %s is %s", (expression, after, expected) => {
  expect(nextRun(expression, Date.parse(after))).toBe(Date.parse(expected));
});

const entry = { Source: "store", DetailType: "t", Detail: "{}" };

test.each<[string, object, string | undefined]>([
  ["an entry", entry, undefined],
  ["no source", { ...entry, Source: undefined }, "InvalidArgument"],
  ["AWS's own source", { ...entry, Source: "aws.s3" }, "NotAuthorizedForSourceException"],
  ["no JSON", { ...entry, Detail: "{" }, "MalformedDetail"],
  ["JSON that is no object", { ...entry, Detail: "[]" }, "MalformedDetail"],
])("%s: %j gives %s", (_, given, code) => {
  const [read] = readEntries({ Entries: [given] });
  const checked = read && checkEntry(read);
  expect(checked && "ErrorCode" in checked ? checked.ErrorCode : undefined).toBe(code);
});

test("a request holds 10 entries and less than 1 MB", () => {
  const sized = (bytes: number) => ({ ...entry, Detail: `{"a":"${"x".repeat(bytes - 14)}"}` });
  expect(readEntries({ Entries: [sized(524_288), sized(524_287)] })).toHaveLength(2);
  expect(() => readEntries({ Entries: [sized(524_288), sized(524_288)] })).toThrow(
    /1048576 bytes of 1048576/,
  );
  expect(() => readEntries({ Entries: [] })).toThrow();
  expect(() => readEntries({ Entries: Array(11).fill(entry) })).toThrow();
});

test("PutEvents answers entry by entry, and a refused queue's events go to the dead letters", async () => {
  const clock = createClock();
  const sqs = createSqs({ clock, dir: undefined });
  const queue = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
  for (const name of ["open", "closed", "dead", "ticks"]) sqs.createQueue({ name, arn: queue(name) });
  const iam = {
    authorize(_principal: unknown, _action: string, resource: string) {
      if (resource === queue("closed")) throw new AwsError("AccessDenied", "no");
    },
  };
  const events = createEventBridge({ clock, sqs, iam, invokeLambda: () => {} });
  events.createBus({ name: "app", arn: "arn:aws:events:us-east-1:000000000000:event-bus/app" });
  const rule = { bus: "app", pattern: { source: ["store"] } };
  events.putRule({
    ...rule,
    name: "r1",
    arn: "arn:r1",
    targets: [
      { id: "1", arn: queue("open"), inputPath: "$.detail" },
      { id: "2", arn: queue("closed"), deadLetterArn: queue("dead") },
    ],
  });
  events.putRule({
    name: "tick",
    arn: "arn:tick",
    schedule: "rate(1 minute)",
    targets: [{ id: "1", arn: queue("ticks") }],
  });
  const credentials = createCredentials({ clock, dir: undefined });
  const server = await createAwsServer({
    clock,
    services: [events],
    credentials,
    iam: { authorize: () => {} },
  });
  try {
    const client = new EventBridgeClient({
      endpoint: server.url,
      region: "us-east-1",
      credentials: credentials.root,
    });
    const entry = { EventBusName: "app", Source: "store", DetailType: "t" };
    const answer = await client.send(
      new PutEventsCommand({
        Entries: [
          { ...entry, Detail: '{"n":1}' },
          { ...entry, Detail: "not json" },
          { ...entry, Detail: "{}", EventBusName: "nowhere" },
        ],
      }),
    );
    expect(answer.FailedEntryCount).toBe(2);
    expect(answer.Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
      undefined,
      "MalformedDetail",
      "ResourceNotFoundException",
    ]);
    expect(sqs.receive(queue("open")).map(({ body }) => body)).toEqual(['{"n":1}']);
    expect(sqs.receive(queue("dead"))).toHaveLength(1);

    events.startSchedules();
    clock.advance(60_000);
    expect(sqs.depth(queue("ticks")).visible).toBe(1);
    clock.advance(60_000);
    expect(sqs.depth(queue("ticks")).visible).toBe(2);
  } finally {
    await server.close();
    await events.close();
    await sqs.close();
    clock.stop();
  }
});
