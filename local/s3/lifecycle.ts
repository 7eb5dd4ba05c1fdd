/** The bucket's lifecycle: multipart uploads that nobody finished, and objects whose days are over. */
import type { Bucket } from "./buckets.ts";
import type { S3 } from "./state.ts";

type LifecycleS3 = Pick<S3, "store" | "buckets" | "clock" | "events" | "writes">;
type Rule = Bucket["lifecycleRules"][number];

const DAY = 24 * 60 * 60 * 1000;
const PAGE = 1000;
// How long a completed upload's answer is repeated to a client that asks again.
const COMPLETIONS_KEPT = DAY;

/** S3 counts the days from creation and acts at the next midnight UTC. */
const dueAt = (created: number, days: number) => Math.ceil((created + days * DAY) / DAY) * DAY;

/** Aborts and deletes what the rules say is over by now; returns how many uploads and objects. */
export function runLifecycle(s3: LifecycleS3): number {
  const now = s3.clock.now();
  let ended = 0;
  for (const bucket of s3.buckets.all()) {
    for (const rule of bucket.lifecycleRules) {
      if (!rule.enabled) continue;
      ended += abortUploads(s3, bucket, rule, now) + expireObjects(s3, bucket, rule, now);
    }
  }
  s3.store.forgetCompletions(now - COMPLETIONS_KEPT);
  s3.events.flush();
  return ended;
}

function abortUploads({ store }: LifecycleS3, bucket: Bucket, rule: Rule, now: number): number {
  const { prefix, abortIncompleteMultipartUploadDays: days } = rule;
  let aborted = 0;
  let after = { key: "", id: "" };
  while (days !== undefined) {
    const uploads = store.uploads(bucket.name, prefix, after, PAGE);
    for (const upload of uploads) {
      if (!upload.key.startsWith(prefix) || dueAt(upload.initiated, days) > now) continue;
      store.abortUpload(upload.id);
      aborted++;
    }
    const last = uploads.at(-1);
    if (!last || uploads.length < PAGE) break;
    after = { key: last.key, id: last.id };
  }
  return aborted;
}

/** "Object Deleted" with the reason "Lifecycle Expiration" (S3 User Guide, "EventBridge event message structure"). */
function expireObjects(
  { store, events, writes }: LifecycleS3,
  bucket: Bucket,
  rule: Rule,
  now: number,
): number {
  const { prefix, expirationDays: days } = rule;
  let expired = 0;
  let after = "";
  while (days !== undefined) {
    const objects = store.objects(bucket.name, prefix, after, PAGE);
    for (const object of objects) {
      const { key } = object;
      if (!key.startsWith(prefix) || dueAt(object.modified, days) > now) continue;
      store.deleteObject(object, () =>
        events.record({ settings: bucket, reason: "Lifecycle Expiration", object: { key } }),
      );
      writes.deleted({ bucket: bucket.name, key });
      expired++;
    }
    const last = objects.at(-1);
    if (!last || objects.length < PAGE) break;
    after = last.key;
  }
  return expired;
}
