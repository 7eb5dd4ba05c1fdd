// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
/** More than this machine can do at once, and its end: who waits, who is refused, and who is let go. */
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Cloud, CloudOptions } from "../cloud.ts";
import { eventually } from "./eventually.ts";
import { type Fixture, proxyTo, startFixture } from "./fixture.ts";

/** Logs each path and message that it runs for; `?until=` holds it until that URL answers. */
const fixture: Fixture = {
  functions: {
    Fn: {
      code: `export const handler = async ({ path, queryStringParameters, Records }) => {
        console.log(path ?? Records[0].body + Records[0].attributes.ApproximateReceiveCount);
        if (queryStringParameters?.until) await fetch(queryStringParameters.until);
        return path ? { statusCode: 200, body: path } : {};
      };`,
      policy: [
        {
          Effect: "Allow",
          Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
          Resource: { "Fn::GetAtt": ["Queue", "Arn"] },
        },
      ],
      properties: { Timeout: 60 },
    },
  },
  paths: { "/{proxy+}": { ANY: proxyTo("Fn") } },
  resources: {
    Queue: { Type: "AWS::SQS::Queue", Properties: { VisibilityTimeout: 360 } },
    Mapping: {
      Type: "AWS::Lambda::EventSourceMapping",
      Properties: { FunctionName: { Ref: "Fn" }, EventSourceArn: { "Fn::GetAtt": ["Queue", "Arn"] } },
    },
    Busy: {
      Type: "AWS::ApiGateway::GatewayResponse",
      Properties: {
        RestApiId: { Ref: "Api" },
        ResponseType: "API_CONFIGURATION_ERROR",
        StatusCode: "503",
        ResponseParameters: { "gatewayresponse.header.Retry-After": "'1'" },
      },
    },
  },
  outputs: { Queue: { Value: { Ref: "Queue" } } },
};

const ran = (cloud: Cloud) => cloud.logs.lines().map(({ text }) => text);
const told = (answer: Response) => [answer.status, answer.headers.get("retry-after")];

/** A cloud whose function has one environment, which a call of `/held` occupies until `release`. */
async function startHeld(options: Partial<CloudOptions> = {}) {
  const cloud = await startFixture(fixture, { maxEnvironments: 1, ...options });
  let holding: ServerResponse | undefined;
  const holder = createServer((_, res) => {
    holding = res;
  }).listen(0, "127.0.0.1");
  await once(holder, "listening");
  onTestFinished(() => {
    holder.closeAllConnections();
    holder.close();
  });
  const address = holder.address();
  const until = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/`;
  const held = fetch(`${cloud.apiUrl}/held?until=${encodeURIComponent(until)}`);
  await eventually(() => expect(holding).toBeDefined());
  return { cloud, held, release: () => void holding?.end() };
}

/** How many invocations run or wait. */
async function atWork(cloud: Cloud): Promise<number> {
  const error: unknown = await cloud.waitForIdle({ timeoutMs: 0 }).catch((caught: unknown) => caught);
  return error instanceof Error ? (error.message.split(": ").at(-1)?.split(", ").length ?? 0) : 0;
}

describe("past the environments of a function", () => {
  test("a hundred calls wait, and those past them are refused at once", async () => {
    const { cloud, held, release } = await startHeld({ maxWaitMs: 60_000 });
    let refused = 0;
    const calls = Array.from({ length: 130 }, async () => {
      const answer = await fetch(`${cloud.apiUrl}/more`);
      if (answer.status === 503) refused++;
      return told(answer);
    });
    await eventually(() => expect(refused).toBe(30));
    release();
    const answers = await Promise.all(calls);
    expect(answers.filter(([status]) => status === 503)).toEqual(Array(30).fill([503, "1"]));
    expect(answers.filter(([status]) => status === 200)).toHaveLength(100);
    expect((await held).status).toBe(200);
  });

  test("a call that waits too long is refused, and never runs", async () => {
    const { cloud, held, release } = await startHeld({ maxWaitMs: 20 });
    expect(told(await fetch(`${cloud.apiUrl}/late`))).toEqual([503, "1"]);
    release();
    await held;
    await cloud.waitForIdle();
    expect(ran(cloud)).toEqual(["/held"]);
  });

  test("a call whose client has gone never runs", async () => {
    const { cloud, held, release } = await startHeld({ maxWaitMs: 60_000 });
    const leaving = new AbortController();
    const gone = fetch(`${cloud.apiUrl}/gone`, { signal: leaving.signal }).catch(() => "gone");
    await eventually(async () => expect(await atWork(cloud)).toBe(2));
    leaving.abort();
    expect(await gone).toBe("gone");
    await eventually(async () => expect(await atWork(cloud)).toBe(1));
    release();
    await held;
    await cloud.waitForIdle();
    expect(ran(cloud)).toEqual(["/held"]);
  });

  test("a queue's batch waits as long as it takes", async () => {
    const { cloud, held, release } = await startHeld({ maxWaitMs: 1 });
    const sqs = new SQSClient({
      endpoint: cloud.awsUrl,
      region: "us-east-1",
      credentials: cloud.rootCredentials,
    });
    await sqs.send(new SendMessageCommand({ QueueUrl: cloud.outputs["Queue"], MessageBody: "batch" }));
    sqs.destroy();
    // One that came later has been refused by now.
    expect((await fetch(`${cloud.apiUrl}/late`)).status).toBe(503);
    release();
    await held;
    await cloud.waitForIdle();
    expect(ran(cloud)).toEqual(["/held", "batch1"]);
  });
});

/** A connection that sends `text` and keeps what comes back. */
async function connectTo(url: string, text = "") {
  const socket: Socket = connect(Number(new URL(url).port), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let got = "";
  socket.on("data", (chunk) => (got += chunk));
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write(text);
  return { socket, got: () => got };
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

describe("past its connections", () => {
  test("a call is refused with the time to come again, until there is room", async () => {
    const cloud = await startFixture(fixture, { maxConnections: 3 });
    for (const [url, path, ok] of [
      [cloud.apiUrl, "/x", 200],
      [cloud.awsUrl, "/bucket/x", 404],
    ] as const) {
      const three = [];
      for (let nth = 0; nth < 3; nth++) three.push(await connectTo(url));
      const fourth = await connectTo(url, get(path));
      await eventually(() => expect(fourth.got()).toMatch(/^HTTP\/1\.1 503 .*\r\nretry-after: 1\r\n/is));
      expect(fourth.got()).toMatch(/\r\nconnection: close\r\n/i);
      three[0]?.socket.destroy();
      await eventually(async () => {
        const fifth = await connectTo(url, get(path));
        await eventually(() => expect(fifth.got()).toMatch(/^HTTP/));
        expect(fifth.got()).toMatch(new RegExp(`^HTTP/1\\.1 ${ok}`));
      });
    }
  });

  test("connections that are kept for later make room for a call", async () => {
    const cloud = await startFixture(fixture, { maxConnections: 3 });
    for (let nth = 0; nth < 9; nth++) {
      const kept = await connectTo(cloud.apiUrl, get(`/${nth}`));
      await eventually(() => expect(kept.got()).toMatch(/^HTTP\/1\.1 200/));
    }
  });
});

describe("at its end", () => {
  test("calls that run are answered, and nothing new is taken", async () => {
    const { cloud, held, release } = await startHeld();
    const drained = cloud.drain(60_000);
    await eventually(() => expect(fetch(`${cloud.apiUrl}/new`)).rejects.toThrow());
    release();
    const answer = await held;
    expect([answer.status, answer.headers.get("connection")]).toEqual([200, "close"]);
    await drained;
    await cloud.stop();
    expect(ran(cloud)).toEqual(["/held"]);
  });

  test("calls that run on are told to come again", async () => {
    const { cloud, held } = await startHeld();
    await cloud.drain(0);
    expect(told(await held)).toEqual([503, "1"]);
  });
});
