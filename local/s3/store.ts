/** Objects, uploads and their segments as rows. Every function is synchronous, so a check and its write are one. */
import { randomBytes, randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Room } from "../data/room.ts";
import type { Blobs } from "./blobs.ts";
import type { Algorithm, Checksum, ChecksumType } from "./checksum.ts";
import type { BlobOwner } from "./missing-blobs.ts";
import {
  objectSchema,
  type Segment,
  type StoredObject,
  segmentSchema,
  transact,
  type Upload,
  uploadSchema,
} from "./schema.ts";

export interface NewObject {
  bucket: string;
  key: string;
  etag: string;
  modified: number;
  parts: number | null;
  headers: Record<string, string>;
  tags: Record<string, string>;
  checksum: Checksum;
}

export interface NewUpload {
  bucket: string;
  key: string;
  initiated: number;
  headers: Record<string, string>;
  tags: Record<string, string>;
  algorithm: Algorithm | null;
  checksumType: ChecksumType | null;
}

export type NewSegment = Omit<Segment, "start">;
export interface Completion {
  parts: string;
  answer: string;
}

export type Store = ReturnType<typeof createStore>;

/** The tables' verbs; blobs that no row needs any more are removed after the commit. */
export function createStore(
  database: DatabaseSync,
  blobs: Blobs,
  { commit, admit }: Pick<Room, "commit" | "admit">,
) {
  const sql = {
    object: database.prepare("SELECT * FROM objects WHERE bucket = ? AND key = ?"),
    putObject: database.prepare("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    deleteObject: database.prepare("DELETE FROM objects WHERE bucket = ? AND key = ?"),
    tags: database.prepare("UPDATE objects SET tags = ? WHERE bucket = ? AND key = ?"),
    list: database.prepare(
      "SELECT * FROM objects WHERE bucket = ? AND key >= ? AND key > ? ORDER BY key LIMIT ?",
    ),
    upload: database.prepare("SELECT * FROM uploads WHERE id = ?"),
    putUpload: database.prepare("INSERT INTO uploads VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
    deleteUpload: database.prepare("DELETE FROM uploads WHERE id = ?"),
    uploads: database.prepare(
      "SELECT * FROM uploads WHERE bucket = ? AND key >= ? AND (key, id) > (?, ?) ORDER BY key, id LIMIT ?",
    ),
    segments: database.prepare("SELECT * FROM segments WHERE owner = ? AND part > ? ORDER BY part LIMIT ?"),
    overlapping: database.prepare(
      "SELECT * FROM segments WHERE owner = ? AND start < ? AND start + size > ? ORDER BY part",
    ),
    segment: database.prepare("SELECT * FROM segments WHERE owner = ? AND part = ?"),
    nthSegment: database.prepare("SELECT * FROM segments WHERE owner = ? ORDER BY part LIMIT 1 OFFSET ?"),
    putSegment: database.prepare("INSERT OR REPLACE INTO segments VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
    startSegment: database.prepare("UPDATE segments SET start = ? WHERE owner = ? AND part = ?"),
    deleteSegment: database.prepare("DELETE FROM segments WHERE owner = ? AND part = ?"),
    deleteSegments: database.prepare("DELETE FROM segments WHERE owner = ? RETURNING blob"),
    completion: database.prepare(
      "SELECT parts, answer FROM completions WHERE upload = ? AND bucket = ? AND key = ?",
    ),
    putCompletion: database.prepare("INSERT INTO completions VALUES (?, ?, ?, ?, ?, ?)"),
    forgetCompletions: database.prepare("DELETE FROM completions WHERE completed < ?"),
    blobs: database.prepare("SELECT blob FROM segments"),
    owners: database.prepare(
      `SELECT blob, coalesce(objects.key, uploads.key) AS key, objects.key IS NULL AS is_part FROM segments
       LEFT JOIN objects ON objects.id = owner LEFT JOIN uploads ON uploads.id = owner`,
    ),
  };

  /** Uploads that a long CompleteMultipartUpload is working on: nobody else finds them any more. */
  const assembling = new Set<string>();

  const removeSegments = (owner: string) => sql.deleteSegments.all(owner).map((row) => String(row["blob"]));

  function insertSegment(owner: string, start: number, segment: NewSegment): void {
    const { part, size, blob, md5, checksum, modified } = segment;
    sql.putSegment.run(owner, part, start, size, blob, md5, checksum, modified);
  }

  /** Puts the row in the place of what had the key; returns the blobs of the old one. */
  function replaceObject(id: string, size: number, object: NewObject): string[] {
    const before = sql.object.get(object.bucket, object.key);
    const { bucket, key, etag, modified, parts, headers, tags, checksum } = object;
    const columns = [JSON.stringify(headers), JSON.stringify(tags), JSON.stringify(checksum)] as const;
    sql.putObject.run(bucket, key, id, size, etag, modified, parts, ...columns);
    return before ? removeSegments(String(before["id"])) : [];
  }

  function partsAfter(upload: string, after: number, limit: number): Segment[] {
    return sql.segments.all(upload, after, limit).map((row) => segmentSchema.parse(row));
  }

  /** Commits `work`, then removes the blobs that it returns. */
  function change(work: () => string[]): void {
    blobs.remove(commit(() => transact(database, work)));
  }

  return {
    object(bucket: string, key: string): StoredObject | undefined {
      const row = sql.object.get(bucket, key);
      return row && objectSchema.parse(row);
    },

    /** Keys from `prefix` on (inclusive) and after `after` (exclusive), in UTF-8 order. */
    objects(bucket: string, prefix: string, after: string, limit: number): StoredObject[] {
      return sql.list.all(bucket, prefix, after, limit).map((row) => objectSchema.parse(row));
    },

    /** Commits an object of one blob; `alongside` runs in the same transaction. */
    putObject(object: NewObject, segment: NewSegment, alongside: () => void): void {
      change(() => {
        const id = randomUUID();
        const removed = replaceObject(id, segment.size, object);
        insertSegment(id, 0, segment);
        alongside();
        return removed;
      });
    },

    setTags(bucket: string, key: string, tags: Record<string, string>): void {
      commit(() => sql.tags.run(JSON.stringify(tags), bucket, key));
    },

    /** Removes the object; `alongside` runs in the same transaction, if there was one. */
    deleteObject(object: StoredObject, alongside: () => void): void {
      change(() => {
        sql.deleteObject.run(object.bucket, object.key);
        alongside();
        return removeSegments(object.id);
      });
    },

    /** Segments that hold bytes of [from, to). */
    slices(owner: string, from: number, to: number): Segment[] {
      return sql.overlapping.all(owner, to, from).map((row) => segmentSchema.parse(row));
    },

    /** The `ordinal`-th segment, from 1. */
    nthSegment(owner: string, ordinal: number): Segment | undefined {
      const row = sql.nthSegment.get(owner, ordinal - 1);
      return row && segmentSchema.parse(row);
    },

    createUpload(upload: NewUpload): string {
      const id = randomBytes(48).toString("base64url");
      const { bucket, key, initiated, headers, tags, algorithm, checksumType } = upload;
      const maps = [JSON.stringify(headers), JSON.stringify(tags)] as const;
      admit(); // what would follow are its parts
      commit(() => sql.putUpload.run(id, bucket, key, initiated, ...maps, algorithm, checksumType));
      return id;
    },

    upload(id: string): Upload | undefined {
      const row = assembling.has(id) ? undefined : sql.upload.get(id);
      return row && uploadSchema.parse(row);
    },

    /** Uploads from `prefix` on and after (key, id), in that order. */
    uploads(bucket: string, prefix: string, after: { key: string; id: string }, limit: number): Upload[] {
      const rows = sql.uploads.all(bucket, prefix, after.key, after.id, limit + assembling.size);
      const uploads = rows.map((row) => uploadSchema.parse(row));
      return uploads.filter(({ id }) => !assembling.has(id)).slice(0, limit);
    },

    /** Hides an upload while its object is being made; returns what ends that. A killed process ends it too. */
    assemble(id: string): () => void {
      assembling.add(id);
      return () => assembling.delete(id);
    },

    /** Commits a part in place of an earlier one of its number; false if the upload has gone meanwhile. */
    putPart(upload: string, segment: NewSegment): boolean {
      if (assembling.has(upload) || !sql.upload.get(upload)) return false;
      change(() => {
        const before = sql.segment.get(upload, segment.part);
        insertSegment(upload, 0, segment);
        return before ? [String(before["blob"])] : [];
      });
      return true;
    },

    /** Parts after number `after`, ascending; a limit of -1 is none. */
    parts: partsAfter,

    /** Turns the listed parts into the object and drops the others; no byte moves. */
    completeUpload(
      upload: Upload,
      listed: readonly Segment[],
      object: NewObject,
      completion: Completion,
      alongside: () => void,
    ): void {
      change(() => {
        const kept = new Set(listed.map((segment) => segment.part));
        const dropped = partsAfter(upload.id, 0, -1).filter((segment) => !kept.has(segment.part));
        for (const segment of dropped) sql.deleteSegment.run(upload.id, segment.part);
        let start = 0;
        for (const segment of listed) {
          sql.startSegment.run(start, upload.id, segment.part);
          start += segment.size;
        }
        sql.deleteUpload.run(upload.id);
        const { bucket, key, modified } = object;
        sql.putCompletion.run(upload.id, bucket, key, completion.parts, completion.answer, modified);
        const removed = replaceObject(upload.id, start, object);
        alongside();
        return [...removed, ...dropped.map((segment) => segment.blob)];
      });
    },

    /** How an upload was completed, if it was. */
    completion(upload: string, bucket: string, key: string): Completion | undefined {
      const row = sql.completion.get(upload, bucket, key);
      return row && { parts: String(row["parts"]), answer: String(row["answer"]) };
    },

    forgetCompletions(before: number): void {
      commit(() => sql.forgetCompletions.run(before));
    },

    abortUpload(id: string): void {
      change(() => {
        sql.deleteUpload.run(id);
        return removeSegments(id);
      });
    },

    /** What each of some blobs belongs to. Reads all rows. */
    ownersOf(blobs: ReadonlySet<string>): BlobOwner[] {
      const rows = sql.owners.all().filter((row) => blobs.has(String(row["blob"])));
      return rows.map((row) => ({ key: String(row["key"] ?? row["blob"]), isPart: row["is_part"] === 1 }));
    },

    /** Every blob that a row names. */
    blobsInUse(): Set<string> {
      return new Set(sql.blobs.all().map((row) => String(row["blob"])));
    },
  };
}
