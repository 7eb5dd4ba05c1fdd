import { once } from "node:events";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import type { TableStream } from "../dynamodb/stream.ts";
import { createStreamFeed } from "../external/stream-feed.ts";
import { eventually } from "./eventually.ts";

const ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/1";

interface Shard {
  parent?: string;
  sequences: number[];
  closed: boolean;
}

/** DynamoDB Streams as an emulator answers it, over shards that the test changes. */
async function emulator(shards: Record<string, Shard>) {
  let isDown = false;
  const input = z.looseObject({
    ShardId: z.string().optional(),
    SequenceNumber: z.string().optional(),
    ShardIterator: z.string().optional(),
  });
  const answers: Record<string, (given: z.infer<typeof input>) => object> = {
    DescribeStream: () => ({
      StreamDescription: {
        Shards: Object.entries(shards).map(([ShardId, { parent }]) => ({ ShardId, ParentShardId: parent })),
      },
    }),
    GetShardIterator: ({ ShardId, SequenceNumber = "0" }) => ({
      ShardIterator: `${ShardId} ${SequenceNumber}`,
    }),
    GetRecords: ({ ShardIterator = "" }) => {
      const [id = "", after] = ShardIterator.split(" ");
      const shard = shards[id];
      const Records = (shard?.sequences ?? [])
        .filter((sequence) => sequence > Number(after))
        .map((sequence) => ({ dynamodb: { SequenceNumber: String(sequence) } }));
      return { Records, ...(shard?.closed ? {} : { NextShardIterator: "next" }) };
    },
  };
  const server = createServer(async (req, res) => {
    const action = String(req.headers["x-amz-target"]).split(".")[1] ?? "";
    const answer = answers[action]?.(input.parse(await json(req)));
    res.writeHead(isDown ? 500 : 200).end(JSON.stringify(answer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    down(value: boolean) {
      isDown = value;
    },
  };
}

function open(endpoint: string) {
  const failures: string[] = [];
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const onError = (reason: string) => void failures.push(reason);
  const feed = createStreamFeed({ endpoint, region: "us-east-1", credentials, onError });
  onTestFinished(feed.close);
  feed.add("t", ARN);
  return { stream: feed.stream("t"), failures };
}

const sequences = (stream: TableStream, after?: string) =>
  stream.read({ after, limit: 100 }).records.map(({ dynamodb }) => Number(dynamodb.SequenceNumber));

test("a shard is read to its end before its children, and what is done is forgotten", async () => {
  const shards: Record<string, Shard> = { a: { sequences: [1, 2], closed: false } };
  const { endpoint } = await emulator(shards);
  const { stream } = open(endpoint);
  let woken = 0;
  stream.onRecord(() => woken++);
  await eventually(() => expect(sequences(stream)).toEqual([1, 2]));
  expect(woken).toBeGreaterThan(0);
  expect(sequences(stream, "1")).toEqual([2]);
  shards["a"]?.sequences.push(3);
  shards["b"] = { parent: "a", sequences: [4], closed: false };
  await eventually(() => expect(sequences(stream, "1")).toEqual([2, 3]));
  if (shards["a"]) shards["a"].closed = true;
  await eventually(() => expect(sequences(stream)).toEqual([2, 3, 4]));
  expect(sequences(stream, "4")).toEqual([]);
});

test("a shard whose parent is no longer kept is read, and an emulator that fails is asked again", async () => {
  const shards: Record<string, Shard> = { b: { parent: "trimmed", sequences: [7], closed: false } };
  const there = await emulator(shards);
  there.down(true);
  const { stream, failures } = open(there.endpoint);
  await eventually(() => expect(failures[0]).toMatch(/DescribeStream: 500/));
  there.down(false);
  await eventually(() => expect(sequences(stream)).toEqual([7]));
});
