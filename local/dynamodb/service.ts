/** The local cloud's DynamoDB: the JSON 1.0 protocol over tables in SQLite. */
import { crc32 } from "node:zlib";
import type { ServiceOptions } from "../service-options.ts";
import { type AwsCall, AwsError, type AwsService } from "../types.ts";
import { parseJson } from "../wire.ts";
import { createMeter } from "./capacity.ts";
import { openCatalog } from "./catalog.ts";
import type { Operation } from "./context.ts";
import { openDatabase } from "./database.ts";
import { errorBody } from "./errors.ts";
import { openHistory } from "./history.ts";
import { batchGetItem } from "./operations/batch-get-item.ts";
import { batchWriteItem } from "./operations/batch-write-item.ts";
import {
  describeContinuousBackups,
  describeTable,
  describeTimeToLive,
  listTables,
  updateTimeToLive,
} from "./operations/describe.ts";
import { getItem } from "./operations/get-item.ts";
import { query } from "./operations/query.ts";
import { scan } from "./operations/scan.ts";
import { describeStream, getRecords, getShardIterator, listStreams } from "./operations/streams.ts";
import { createTable, deleteTable } from "./operations/tables.ts";
import { transactGetItems } from "./operations/transact-get-items.ts";
import { TOKEN_LIFETIME, transactWriteItems } from "./operations/transact-write-items.ts";
import { deleteItem, putItem, updateItem } from "./operations/write-item.ts";
import { openStore } from "./store.ts";
import { type Checkpoint, openCheckpoint, openStream, type TableStream, trimStreams } from "./stream.ts";
import { streamArn, type TableSpec, tableArn } from "./table.ts";
import { deleteExpired } from "./ttl.ts";

export interface ProvisionedTable {
  name: string;
  arn: string;
  /** `undefined` without a stream. */
  streamArn: string | undefined;
}

export interface DynamoDbService extends AwsService {
  /**
   * Creates a table, or brings one that exists to this specification: its items stay, a changed index is built
   * anew. Throws when the key schema differs from the one that it has.
   */
  createTable(spec: TableSpec): ProvisionedTable;
  /** The stream of a table. Throws when it has none. */
  stream(tableName: string): TableStream;
  /** Where the consumer `name` has got to; it survives restarts. */
  checkpoint(name: string): Checkpoint;
  /**
   * From now on keeps what is overwritten for so many milliseconds of the clock, so that reads can be that old (the
   * fault `staleMs`). 0 keeps nothing. @default 0
   */
  keepHistory(ms: number): void;
  /** Deletes what has expired by the clock, and answers how many items; also done every few seconds. */
  runTtl(): number;
}

const OPERATIONS: Record<string, Operation> = {
  BatchGetItem: batchGetItem,
  BatchWriteItem: batchWriteItem,
  DeleteItem: deleteItem,
  DescribeContinuousBackups: describeContinuousBackups,
  DescribeTable: describeTable,
  DescribeTimeToLive: describeTimeToLive,
  GetItem: getItem,
  ListTables: listTables,
  PutItem: putItem,
  Query: query,
  Scan: scan,
  TransactGetItems: transactGetItems,
  TransactWriteItems: transactWriteItems,
  UpdateItem: updateItem,
  UpdateTimeToLive: updateTimeToLive,
};
/** What changes the tables themselves. */
const TABLE_OPERATIONS: Record<string, Operation> = { CreateTable: createTable, DeleteTable: deleteTable };
/** Of DynamoDB Streams, a service of its own behind the same address. */
const STREAM_OPERATIONS: Record<string, Operation> = {
  DescribeStream: describeStream,
  GetRecords: getRecords,
  GetShardIterator: getShardIterator,
  ListStreams: listStreams,
};
const TARGET = /^DynamoDB(Streams)?_20120810\.(\w+)$/;
/** Milliseconds between sweeps. AWS takes up to a few days; nobody may rely on either. */
const SWEEP_INTERVAL = 5_000;

export interface DynamoDbOptions extends ServiceOptions {
  /** Whether clients may make and remove tables, as where no template describes them. @default false */
  clientsTables?: boolean;
}

/** Opens the tables in `dir` (`dynamodb.sqlite`) or in memory. */
export function createDynamoDb({ clock, dir, room, clientsTables }: DynamoDbOptions): DynamoDbService {
  const all = clientsTables ? { ...OPERATIONS, ...TABLE_OPERATIONS } : OPERATIONS;
  const db = openDatabase(dir, room);
  const catalog = openCatalog(db);
  const now = () => clock.now();
  const history = openHistory(db, now);
  const store = openStore(db, now, history.note);
  let cancelSweep = clock.at(now() + SWEEP_INTERVAL, sweep);

  function runTtl(): number {
    return deleteExpired(catalog, store, now());
  }

  function sweep(): void {
    cancelSweep = clock.at(now() + SWEEP_INTERVAL, sweep);
    runTtl();
    trimStreams(db, now());
    db.run("DELETE FROM request_tokens WHERE at <= ?", now() - TOKEN_LIFETIME);
  }

  function findTable(name: string) {
    const table = catalog.find(name);
    if (table) return table;
    throw new Error(
      `There is no table '${name}'; there are: ${catalog
        .all()
        .map(({ spec }) => spec.name)
        .join(", ")}.`,
    );
  }

  return {
    scope: "dynamodb",
    async handle(call) {
      try {
        answer(call, 200, run(call));
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        answer(call, error.status, errorBody(error));
      }
    },
    async close() {
      cancelSweep();
      db.close();
    },
    createTable(spec) {
      const table = catalog.provision(spec, now());
      return {
        name: spec.name,
        arn: tableArn(spec.name),
        streamArn: spec.streamViewType && streamArn(table),
      };
    },
    stream(tableName) {
      const table = findTable(tableName);
      if (!table.spec.streamViewType) throw new Error(`Table '${tableName}' has no stream.`);
      return openStream(db, table, store.listeners(table), now);
    },
    keepHistory: history.keep,
    checkpoint: (name) => openCheckpoint(db, name),
    runTtl,
  };

  function run(call: AwsCall): Record<string, unknown> {
    const target = call.req.headers["x-amz-target"];
    const [, ofStreams, name = ""] = (typeof target === "string" && TARGET.exec(target)) || [];
    const operations = ofStreams ? STREAM_OPERATIONS : all;
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
    if (!operation) {
      throw new AwsError(
        "UnknownOperationException",
        `The local DynamoDB has no operation '${name || target}'; it has ${Object.keys(operations).join(", ")}.`,
      );
    }
    call.trace.action = name;
    const meter = createMeter();
    const context = { db, catalog, store, meter, now, authorize: call.authorize };
    const answer = () => operation(parseJson(call.body), context);
    try {
      if (call.staleMs === undefined) return answer();
      if (call.staleMs === "changed") return history.beforeItChanged(store, answer);
      return history.asItWas(call.staleMs, store, answer);
    } finally {
      const { read, write } = meter.totals();
      if (read > 0) call.trace.readUnits = read;
      if (write > 0) call.trace.writeUnits = write;
    }
  }
}

function answer({ res, requestId, trace }: AwsCall, status: number, value: Record<string, unknown>): void {
  const body = Buffer.from(JSON.stringify(value));
  trace.status = status;
  res.writeHead(status, {
    "content-type": "application/x-amz-json-1.0",
    "content-length": body.length,
    "x-amzn-requestid": requestId,
    "x-amz-crc32": String(crc32(body)),
  });
  res.end(body);
}
