/** Which versions name each object and when it is removed: URLs of it, and copies of its PutObject, are good for a while. */
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { TableStream } from "@wharf/local-cloud/dynamodb/stream.ts";
import { fileRecord, versionRecord } from "#core/files/records.ts";
import { kindOf } from "./calls.ts";
import { MINUTE } from "./time.ts";

/** S3 takes a signed call for so long, and no URL of a download works for longer. */
const GOOD_MS = 15 * MINUTE;

/** Keeps them from now on. `look` before time passes: a stream forgets. */
export function keepRemovals(stream: TableStream) {
  const versions = new Map<
    string,
    { file_id: string; object_key: string; removed_ms?: number | undefined }
  >();
  const deleted = new Map<string, number>();
  const early: string[] = [];
  let seen = stream.latest();

  function look(): void {
    for (;;) {
      const { records } = stream.read({ after: seen, limit: 1_000 });
      if (records.length === 0) return;
      for (const { dynamodb } of records) if (dynamodb.NewImage !== undefined) note(dynamodb.NewImage);
      seen = records.at(-1)?.dynamodb.SequenceNumber;
    }
  }

  function note(image: object): void {
    // The stream's types and the SDK's say the same in different words.
    const item = unmarshall(image as Parameters<typeof unmarshall>[0]);
    const kind = kindOf({ pk: String(item["pk"]), sk: String(item["sk"]) });
    if (kind === "NODE.VER" && item["state"] === "ready") {
      const { version_id, file_id, object_key, removed_ms } = versionRecord.parse(item);
      versions.set(version_id, { file_id, object_key, removed_ms });
    }
    if (kind !== "NODE" || item["kind"] !== "file") return;
    const { node_id, deleted_at } = fileRecord.parse(item);
    if (deleted_at !== undefined) deleted.set(node_id, Date.parse(deleted_at));
  }

  return {
    look,
    /** Keeps that an object has been removed just now. */
    removed(key: string): void {
      look();
      for (const [id, { file_id, object_key, removed_ms = Infinity }] of versions) {
        const since = Math.min(removed_ms, deleted.get(file_id) ?? Infinity);
        if (object_key === key && Date.now() - since < GOOD_MS)
          early.push(
            `the bytes of ${id} went while a URL of them, or a copy of their PutObject, may be good`,
          );
      }
    },
    /** What went too early. */
    early: (): readonly string[] => early,
  };
}
