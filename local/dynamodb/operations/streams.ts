/** Streams over the wire: ListStreams, DescribeStream, GetShardIterator, GetRecords. A stream has one shard, always open. */
import { AwsError } from "../../types.ts";
import type { Context, Operation } from "../context.ts";
import { constraintError, validationError } from "../errors.ts";
import { choice, type Input, integer, optionalText, text } from "../input.ts";
import { openStream, type StreamRecord, type TableStream } from "../stream.ts";
import { streamArn, streamLabel, type Table } from "../table.ts";

const SHARD = "shardId-00000000000000000001-00000001";
/** GetRecords: 1,000 records at most. */
const MAX_RECORDS = 1_000;
/** What begins every iterator that this engine gives: its stream, its shard's number, and the last record before it. */
const ITERATOR = /^(arn:[^|]+)\|1\|(\d{21,40})$/;
const BEFORE_ALL = "0".repeat(21);

export const listStreams: Operation = (input, context) => {
  context.authorize("dynamodb:ListStreams", "*");
  const name = optionalText(input, "TableName");
  const tables = context.catalog
    .all()
    .filter(({ spec }) => spec.streamViewType && (name === undefined || spec.name === name));
  return {
    Streams: tables.map((table) => ({
      ...{ StreamArn: streamArn(table), StreamLabel: streamLabel(table), TableName: table.spec.name },
    })),
  };
};

export const describeStream: Operation = (input, context) => {
  const { table, arn } = open(text(input, "StreamArn"), "DescribeStream", context);
  return {
    StreamDescription: {
      StreamArn: arn,
      StreamLabel: streamLabel(table),
      StreamStatus: "ENABLED",
      StreamViewType: table.spec.streamViewType,
      CreationRequestDateTime: table.createdAt / 1_000,
      TableName: table.spec.name,
      KeySchema: table.spec.keySchema,
      Shards: [{ ShardId: SHARD, SequenceNumberRange: { StartingSequenceNumber: BEFORE_ALL } }],
    },
  };
};

export const getShardIterator: Operation = (input, context) => {
  const { arn, stream } = open(text(input, "StreamArn"), "GetShardIterator", context);
  if (text(input, "ShardId") !== SHARD) {
    const what = `Requested resource not found: Shard does not exist in the stream ${arn}`;
    throw new AwsError("ResourceNotFoundException", what);
  }
  return { ShardIterator: iterator(arn, lastBefore(input, stream)) };
};

export const getRecords: Operation = (input, context) => {
  const given = text(input, "ShardIterator");
  const [, asked = "", after = ""] = ITERATOR.exec(given) ?? [];
  if (asked === "") throw validationError("Invalid ShardIterator");
  const { arn, stream } = open(asked, "GetRecords", context);
  const limit = integer(input, "Limit", { max: MAX_RECORDS }) ?? MAX_RECORDS;
  const { records } = stream.read({ after, limit });
  const last = records.at(-1)?.dynamodb.SequenceNumber ?? after;
  return { Records: records.map(onTheWire), NextShardIterator: iterator(arn, last) };
};

const TYPES = ["", "TRIM_HORIZON", "LATEST", "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"] as const;

/** The record after which an iterator begins to read. */
function lastBefore(input: Input, stream: TableStream): string {
  const type = choice(input, "ShardIteratorType", TYPES);
  switch (type) {
    case "":
      throw constraintError(undefined, "shardIteratorType", "Member must not be null");
    case "TRIM_HORIZON":
      return BEFORE_ALL;
    case "LATEST":
      return stream.latest() ?? BEFORE_ALL;
    case "AFTER_SEQUENCE_NUMBER":
      return padded(sequence(input));
    case "AT_SEQUENCE_NUMBER":
      return padded(sequence(input) - 1n);
  }
}

function sequence(input: Input): bigint {
  const value = text(input, "SequenceNumber");
  if (/^\d{21,40}$/.test(value)) return BigInt(value);
  throw validationError("Invalid SequenceNumber");
}

const padded = (value: bigint) => String(value < 0n ? 0n : value).padStart(21, "0");
const iterator = (arn: string, after: string) => `${arn}|1|${after}`;

/** The stream of an ARN, once the caller may read it. */
function open(
  arn: string,
  action: string,
  context: Context,
): { table: Table; arn: string; stream: TableStream } {
  context.authorize(`dynamodb:${action}`, arn);
  const table = context.catalog.all().find((each) => each.spec.streamViewType && streamArn(each) === arn);
  if (!table) {
    throw new AwsError("ResourceNotFoundException", `Requested resource not found: Stream: ${arn} not found`);
  }
  const stream = openStream(context.db, table, context.store.listeners(table), context.now);
  return { table, arn, stream };
}

/** GetRecords spells some members otherwise than what Lambda hands to functions. */
function onTheWire({ eventSourceARN, userIdentity, ...record }: StreamRecord): Record<string, unknown> {
  if (!userIdentity) return record;
  const { type, principalId } = userIdentity;
  return { ...record, userIdentity: { Type: type, PrincipalId: principalId } };
}
