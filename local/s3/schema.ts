/** The metadata of the local S3: one SQLite file beside the blobs. */
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { JOURNAL } from "../data/journal.ts";
import { algorithmSchema, checksumTypeSchema } from "./checksum.ts";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, config TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS objects (
  bucket TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
  modified INTEGER NOT NULL, parts INTEGER, headers TEXT NOT NULL, tags TEXT NOT NULL, checksum TEXT NOT NULL,
  PRIMARY KEY (bucket, key)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS uploads (
  id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, initiated INTEGER NOT NULL,
  headers TEXT NOT NULL, tags TEXT NOT NULL, algorithm TEXT, checksum_type TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS uploads_by_key ON uploads (bucket, key, id);

-- Bytes of an object, or of an upload's part; completing an upload makes its id the object's, and no row moves.
CREATE TABLE IF NOT EXISTS segments (
  owner TEXT NOT NULL, part INTEGER NOT NULL, start INTEGER NOT NULL, size INTEGER NOT NULL,
  blob TEXT NOT NULL, md5 TEXT NOT NULL, checksum TEXT NOT NULL, modified INTEGER NOT NULL,
  PRIMARY KEY (owner, part)
) WITHOUT ROWID;

-- Answers of completed uploads: S3 repeats them to a client that asks again.
CREATE TABLE IF NOT EXISTS completions (
  upload TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, parts TEXT NOT NULL, answer TEXT NOT NULL,
  completed INTEGER NOT NULL
) WITHOUT ROWID;

-- Events that EventBridge has not taken over yet; written in the transaction of the change.
CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, event TEXT NOT NULL) WITHOUT ROWID;
`;

/** Opens the database; `path` may be `:memory:`. */
export function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec(JOURNAL);
  database.exec(SCHEMA);
  return database;
}

/** Runs `work` in one transaction. */
export function transact<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite has rolled back by itself where the disk is full.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

const json = <T>(schema: z.ZodType<T>) => z.string().transform((text) => schema.parse(JSON.parse(text)));
const textMap = z.record(z.string(), z.string());

const checksumSchema = z.object({
  algorithm: algorithmSchema,
  type: checksumTypeSchema,
  value: z.string(),
});

export const objectSchema = z.object({
  bucket: z.string(),
  key: z.string(),
  /** Owner of its segments. */
  id: z.string(),
  size: z.number(),
  /** Without quotes. */
  etag: z.string(),
  /** Epoch ms. */
  modified: z.number(),
  /** How many parts it was uploaded in; `null` for a single PUT. */
  parts: z.number().nullable(),
  /** `content-type`, `x-amz-meta-*` … as they will be answered. */
  headers: json(textMap),
  tags: json(textMap),
  checksum: json(checksumSchema),
});
export type StoredObject = z.infer<typeof objectSchema>;

export const uploadSchema = z.object({
  id: z.string(),
  bucket: z.string(),
  key: z.string(),
  initiated: z.number(),
  headers: json(textMap),
  tags: json(textMap),
  /** `null`: none was asked for, and S3 computes CRC64NVME. */
  algorithm: algorithmSchema.nullable(),
  checksum_type: checksumTypeSchema.nullable(),
});
export type Upload = z.infer<typeof uploadSchema>;

export const segmentSchema = z.object({
  part: z.number(),
  /** Offset of its first byte in the object. */
  start: z.number(),
  size: z.number(),
  blob: z.string(),
  /** Hex, the part's ETag. */
  md5: z.string(),
  /** base64 */
  checksum: z.string(),
  modified: z.number(),
});
export type Segment = z.infer<typeof segmentSchema>;
