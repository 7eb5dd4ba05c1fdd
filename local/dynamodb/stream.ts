/** Streams: what changed in a table, in order, for 24 hours. */
import { hash } from "node:crypto";
import { REGION } from "../types.ts";
import type { Item } from "./attribute-value.ts";
import { type Database, integerOf, textOf } from "./database.ts";
import { type StreamViewType, streamArn, type Table } from "./table.ts";

/** DynamoDB Streams: records live for 24 hours. */
export const STREAM_RETENTION = 24 * 60 * 60 * 1000;

/** Who deletes items that have expired. */
export interface UserIdentity {
  type: "Service";
  principalId: "dynamodb.amazonaws.com";
}

/** One change, in the shape in which Lambda hands it to functions. */
export interface StreamRecord {
  eventID: string;
  eventName: "INSERT" | "MODIFY" | "REMOVE";
  eventVersion: "1.1";
  eventSource: "aws:dynamodb";
  awsRegion: string;
  dynamodb: {
    /** Seconds since the epoch. */
    ApproximateCreationDateTime: number;
    Keys: Item;
    NewImage?: Item;
    OldImage?: Item;
    /** Orders like text. */
    SequenceNumber: string;
    SizeBytes: number;
    StreamViewType: StreamViewType;
  };
  eventSourceARN: string;
  userIdentity?: UserIdentity;
}

export interface TableStream {
  readonly arn: string;
  /** Records after a sequence number, or from the oldest that is kept. */
  read(options: { after: string | undefined; limit: number }): { records: StreamRecord[] };
  /** Sequence number of the newest record; `undefined` before the first. */
  latest(): string | undefined;
  /** Calls back after commits that added records, soon and once for many. Returns a function that ends it. */
  onRecord(callback: () => void): () => void;
}

/** Where a consumer of a stream has got to; it outlives the process. */
export interface Checkpoint {
  get(): string | undefined;
  set(sequence: string): void;
}

/** A change that is about to be committed. */
export interface Change {
  keys: Item;
  oldItem: Item | undefined;
  newItem: Item | undefined;
  /** Bytes of the keys and of both images. */
  sizes: { keys: number; old: number; new: number };
  userIdentity?: UserIdentity | undefined;
}

/** Adds a record, within the transaction of the change itself. */
export function appendRecord(db: Database, table: Table, change: Change, now: number): void {
  const view = table.spec.streamViewType;
  if (!view) return;
  const { keys, oldItem, newItem, sizes } = change;
  const showsNew = newItem !== undefined && (view === "NEW_IMAGE" || view === "NEW_AND_OLD_IMAGES");
  const showsOld = oldItem !== undefined && (view === "OLD_IMAGE" || view === "NEW_AND_OLD_IMAGES");
  const record = {
    eventName: newItem === undefined ? "REMOVE" : oldItem === undefined ? "INSERT" : "MODIFY",
    view,
    keys,
    ...(showsNew && { newImage: newItem }),
    ...(showsOld && { oldImage: oldItem }),
    size: sizes.keys + (showsNew ? sizes.new : 0) + (showsOld ? sizes.old : 0),
    ...(change.userIdentity && { userIdentity: change.userIdentity }),
  };
  db.run(
    "INSERT INTO stream_records (table_id, at, record) VALUES (?, ?, ?)",
    table.id,
    now,
    JSON.stringify(record),
  );
}

/** Reads a table's stream. `listeners` are called by the store. */
export function openStream(
  db: Database,
  table: Table,
  listeners: Set<() => void>,
  now: () => number,
): TableStream {
  const arn = streamArn(table);
  return {
    arn,
    read({ after, limit }) {
      const rows = db.rows(
        "SELECT sequence, at, record FROM stream_records WHERE table_id = ? AND sequence > ? AND at > ? ORDER BY sequence LIMIT ?",
        table.id,
        after === undefined ? 0 : Number(after),
        now() - STREAM_RETENTION,
        limit,
      );
      return {
        records: [...rows].map((row) =>
          toRecord(arn, integerOf(row, "sequence"), integerOf(row, "at"), textOf(row, "record")),
        ),
      };
    },
    latest() {
      const row = db.get(
        "SELECT sequence FROM stream_records WHERE table_id = ? ORDER BY sequence DESC LIMIT 1",
        table.id,
      );
      return row && sequenceNumber(integerOf(row, "sequence"));
    },
    onRecord(callback) {
      listeners.add(callback);
      return () => {
        listeners.delete(callback);
      };
    },
  };
}

function toRecord(arn: string, sequence: number, at: number, text: string): StreamRecord {
  const record = JSON.parse(text); // written by appendRecord
  return {
    eventID: hash("md5", `${arn} ${sequence}`),
    eventName: record.eventName,
    eventVersion: "1.1",
    eventSource: "aws:dynamodb",
    awsRegion: REGION,
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(at / 1000),
      Keys: record.keys,
      ...(record.newImage && { NewImage: record.newImage }),
      ...(record.oldImage && { OldImage: record.oldImage }),
      SequenceNumber: sequenceNumber(sequence),
      SizeBytes: record.size,
      StreamViewType: record.view,
    },
    eventSourceARN: arn,
    ...(record.userIdentity && { userIdentity: record.userIdentity }),
  };
}

/** DynamoDB Streams: sequence numbers have 21 digits at least. */
function sequenceNumber(sequence: number): string {
  return String(sequence).padStart(21, "0");
}

/** Opens the checkpoint of a consumer. */
export function openCheckpoint(db: Database, name: string): Checkpoint {
  return {
    get() {
      const row = db.get("SELECT sequence FROM checkpoints WHERE name = ?", name);
      return row && textOf(row, "sequence");
    },
    set(sequence) {
      db.run(
        "INSERT INTO checkpoints (name, sequence) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET sequence = excluded.sequence",
        name,
        sequence,
      );
    },
  };
}

/** Forgets records that are older than streams keep. */
export function trimStreams(db: Database, now: number): void {
  db.run(
    "DELETE FROM stream_records WHERE sequence <= (SELECT max(sequence) FROM stream_records WHERE at <= ?)",
    now - STREAM_RETENTION,
  );
}
