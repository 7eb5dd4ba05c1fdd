import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { handlers } from "./conformance/lambda/handlers.ts";
import { startFixture, temporaryDirectory } from "./fixture.ts";
import { runHere } from "./run-lambda.ts";

test("a function sees its template's variables, its role's keys and nothing of the host", async () => {
  process.env["TEST_HOST_ONLY"] = "1";
  const cloud = await startFixture({
    functions: {
      Fn: {
        code: "export const handler = async (event, context) => ({ event, env: process.env, context, left: context.getRemainingTimeInMillis() });",
        properties: {
          Environment: { Variables: { OWN: { Ref: "AWS::Region" } } },
          MemorySize: 256,
          Timeout: 5,
        },
      },
    },
  });
  delete process.env["TEST_HOST_ONLY"];
  const { payload } = await cloud.invoke("Fn", { a: 1 });
  expect(payload).toMatchObject({
    event: { a: 1 },
    env: {
      OWN: "us-east-1",
      AWS_REGION: "us-east-1",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "256",
      AWS_ENDPOINT_URL: cloud.awsUrl,
      AWS_ACCESS_KEY_ID: expect.stringMatching(/^ASIA/),
      AWS_SESSION_TOKEN: expect.any(String),
    },
    context: { memoryLimitInMB: "256", awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    left: expect.toSatisfy((ms: number) => ms > 0 && ms <= 5_000),
  });
  expect(JSON.stringify(payload)).not.toContain("TEST_HOST_ONLY");
  expect(JSON.stringify(payload)).not.toContain('"PATH"');
});

test("a function's Date follows the cloud's clock, its deadline doesn't", async () => {
  const cloud = await startFixture({
    functions: {
      Fn: {
        code: `export const handler = async (event, context) => ({
          now: Date.now(), text: new Date().toISOString(), again: new (new Date(0)).constructor().getTime(),
          fixed: new Date(5).getTime(), is: new Date() instanceof Date, left: context.getRemainingTimeInMillis() });`,
      },
    },
  });
  cloud.advance(86_400_000);
  const before = cloud.clock.now();
  const { payload } = await cloud.invoke("Fn", {});
  const after = cloud.clock.now();
  const within = (ms: number) => ms >= before && ms <= after;
  expect(payload).toMatchObject({
    now: expect.toSatisfy(within),
    text: expect.toSatisfy((text: string) => within(Date.parse(text))),
    again: expect.toSatisfy(within),
    fixed: 5,
    is: true,
    left: expect.toSatisfy((ms: number) => ms > 0),
  });
});

test("environments' clocks may differ, from the start or from now on", async () => {
  const code = "export const handler = async () => Date.now();";
  const cloud = await startFixture({ functions: { Fn: { code }, Other: { code } } }, { maxEnvironments: 2 });
  const ahead = async (name: string) => {
    const before = cloud.clock.now();
    const calls = await Promise.all([cloud.invoke(name, {}), cloud.invoke(name, {})]);
    const after = cloud.clock.now();
    const offsets = [-3_600_000, 0, 3_600_000];
    return calls.map(({ payload }) =>
      offsets.find((ms) => Number(payload) >= before + ms && Number(payload) <= after + ms),
    );
  };
  cloud.setClockOffset("Fn", (nth) => (nth === 0 ? 3_600_000 : -3_600_000));
  expect((await ahead("Fn")).sort()).toEqual([-3_600_000, 3_600_000]);
  expect(await ahead("Other")).toEqual([0, 0]);
  cloud.setClockOffset("Fn", 3_600_000);
  expect(await ahead("Fn")).toEqual([3_600_000, 3_600_000]);
});

// What has passed here is what `npm run test:truth -- rie` holds against AWS's own emulator and runtime.
for (const handler of handlers.filter(({ slow }) => !slow)) {
  test(handler.name, { tags: [...handler.behaviours] }, async () => {
    const folder = temporaryDirectory();
    writeFileSync(join(folder, "index.mjs"), handler.code);
    expect(await runHere(handler, folder)).toEqual(handler.outcomes);
  });
}

test("an environment runs one request at a time and is kept warm; more run at once up to the limit", {
  tags: ["lambda.environment"],
}, async () => {
  const code = `let running = 0; let runs = 0;
    export const handler = async () => { running++; runs++; await new Promise((r) => setImmediate(r)); return { with: running--, runs }; };`;
  const cloud = await startFixture({ functions: { Fn: { code } } }, { maxEnvironments: 2 });
  const results = await Promise.all(Array.from({ length: 20 }, () => cloud.invoke("Fn", {})));
  const counts = results.map(({ payload }) => payload as { with: number; runs: number });
  expect(counts.every((count) => count.with === 1)).toBe(true);
  expect(counts.filter(({ runs }) => runs === 1)).toHaveLength(2);
});

test("past its reserved concurrency a function is throttled", async () => {
  const code =
    "export const handler = (event) => event.wait ? new Promise((r) => setTimeout(r, 60_000)) : 1;";
  const cloud = await startFixture({
    functions: { Fn: { code, properties: { ReservedConcurrentExecutions: 1, Timeout: 60 } } },
  });
  const first = cloud.invoke("Fn", { wait: true });
  await expect(cloud.invoke("Fn", {})).rejects.toThrow("Rate Exceeded");
  await cloud.stop();
  expect((await first).functionError).toBe("Unhandled");
});

test("lines are logged with the request that wrote them", async () => {
  const code =
    "export const handler = async (event, { awsRequestId }) => { console.log(JSON.stringify(event)); console.error('two\\nlines'); return awsRequestId; };";
  const cloud = await startFixture({ functions: { Fn: { code } } });
  const { payload } = await cloud.invoke("Fn", { a: 1 });
  expect(cloud.logs.lines()).toEqual(
    ['{"a":1}', "two", "lines"].map((text) => ({
      text,
      function: "Fn",
      requestId: payload,
      time: expect.any(Number),
    })),
  );
});

test("an environment goes before its role's keys do", async () => {
  const cloud = await startFixture({
    functions: { Fn: { code: "export const handler = async () => process.env.AWS_ACCESS_KEY_ID;" } },
  });
  const key = async () => (await cloud.invoke("Fn", {})).payload;
  const first = await key();
  expect(await key()).toBe(first);
  cloud.advance(6 * 60 * 60 * 1000);
  expect(await key()).not.toBe(first);
});

test("an event that a function fails is tried three times in all, then kept as a dead letter", async () => {
  const cloud = await startFixture({
    functions: {
      Fn: {
        code: "export const handler = async (event) => { console.log('try'); throw new Error('no'); };",
        policy: [{ Effect: "Allow", Action: "sqs:SendMessage", Resource: { "Fn::GetAtt": ["Dead", "Arn"] } }],
        properties: { DeadLetterConfig: { TargetArn: { "Fn::GetAtt": ["Dead", "Arn"] } } },
      },
      Reader: {
        code: "export const handler = async ({ Records }) => console.log(JSON.parse(Records[0].body)['detail-type']);",
        policy: [{ Effect: "Allow", Action: "sqs:*", Resource: { "Fn::GetAtt": ["Dead", "Arn"] } }],
      },
    },
    resources: {
      Dead: { Type: "AWS::SQS::Queue" },
      Once: {
        Type: "AWS::Events::Rule",
        Properties: {
          ScheduleExpression: "rate(1 day)",
          Targets: [{ Id: "fn", Arn: { "Fn::GetAtt": ["Fn", "Arn"] } }],
        },
      },
      FromRule: {
        Type: "AWS::Lambda::Permission",
        Properties: {
          Action: "lambda:InvokeFunction",
          FunctionName: { Ref: "Fn" },
          Principal: "events.amazonaws.com",
          SourceArn: { "Fn::GetAtt": ["Once", "Arn"] },
        },
      },
      Mapping: {
        Type: "AWS::Lambda::EventSourceMapping",
        Properties: { FunctionName: { Ref: "Reader" }, EventSourceArn: { "Fn::GetAtt": ["Dead", "Arn"] } },
      },
    },
  });
  const lines = () => cloud.logs.lines().flatMap(({ text }) => (/^[{]/.test(text) ? [] : [text]));
  cloud.advance(86_400_000);
  await cloud.waitForIdle();
  expect(lines()).toEqual(["try"]);
  cloud.advance(60_000);
  await cloud.waitForIdle();
  expect(lines()).toEqual(["try", "try"]);
  cloud.advance(120_000);
  await expect.poll(lines).toEqual(["try", "try", "try", "Scheduled Event"]);
});
