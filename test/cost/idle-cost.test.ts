/** What a stage costs that nobody calls, by hand and from the templates. */
import { describe, expect, it } from "vitest";
import { functionOf } from "#bench/calls/effects.ts";
import { MEMORY_MB, NOTHING } from "#cost/counts.ts";
import { idleCost } from "#cost/idle-cost.ts";
import { resources, synth } from "#test/lib/synth.ts";

const counts = { idleMinute: NOTHING, idleMetrics: 0 };
const costOf = (...resources: { Type: string; Properties?: object }[]) =>
  idleCost([{ Resources: Object.fromEntries(resources.map((one, index) => [`R${index}`, one])) }], { counts })
    .usd;

describe("a template", () => {
  const mapping = (Properties: object) => ({ Type: "AWS::Lambda::EventSourceMapping", Properties });

  it.each<[what: string, usd: number, ...Parameters<typeof costOf>]>([
    ["nothing", 0],
    [
      "a table on demand",
      0,
      { Type: "AWS::DynamoDB::Table", Properties: { BillingMode: "PAY_PER_REQUEST" } },
    ],
    ["an alarm on one metric", 0.1, { Type: "AWS::CloudWatch::Alarm", Properties: { MetricName: "Errors" } }],
    [
      "an alarm on the sum of two",
      0.2,
      {
        Type: "AWS::CloudWatch::Alarm",
        Properties: {
          Metrics: [
            { Id: "a", MetricStat: {} },
            { Id: "b", MetricStat: {} },
            { Id: "c", Expression: "a+b" },
          ],
        },
      },
    ],
    ["a dashboard", 3, { Type: "AWS::CloudWatch::Dashboard" }],
    ["a KMS key", 1, { Type: "AWS::KMS::Key" }],
    // 730 h × 180 long polls an hour × 5, or × 2, × 0.40 $ a million.
    ["a queue with a bound", 0.2628, mapping({ ScalingConfig: { MaximumConcurrency: 10 } })],
    ["a queue without", 0.10512, mapping({})],
    ["a stream", 0, mapping({ StartingPosition: "TRIM_HORIZON" })],
  ])("with %s costs %d $ a month", (_, usd, ...given) => {
    expect(costOf(...given)).toBeCloseTo(usd, 6);
  });

  it("with a sweep pays for what it does each minute", () => {
    const rule = { Type: "AWS::Events::Rule", Properties: { ScheduleExpression: "rate(1 minute)" } };
    // 43,800 minutes of 100 units read, at 0.125 $ a million.
    const { usd, money } = idleCost([{ Resources: { Rule: rule } }], {
      counts: { idleMinute: { ...NOTHING, readUnits: 100 }, idleMetrics: 1 },
    });
    expect(money).toEqual({ DynamoDB: expect.closeTo(0.5475, 6), CloudWatch: 0.3 });
    expect(usd).toBeCloseTo(0.8475, 6);
  });

  it("that is none is refused", () => {
    expect(() => idleCost([{ resources: {} }])).toThrow(/Resources/);
  });
});

it("knows the memory of every function", () => {
  const functions = resources(synth("dev").service, "AWS::Lambda::Function");
  const given = Object.fromEntries(
    functions.map(([id, { Properties }]) => [functionOf(id), Properties.MemorySize]),
  );
  expect(given).toEqual(MEMORY_MB);
});
