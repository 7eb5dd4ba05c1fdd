/** The bucket's lifecycle: multipart uploads that nobody finished. */
import type { S3 } from "./state.ts";

const DAY = 24 * 60 * 60 * 1000;
const PAGE = 1000;
// How long a completed upload's answer is repeated to a client that asks again.
const COMPLETIONS_KEPT = DAY;

/** S3 counts the days from creation and acts at the next midnight UTC. */
const dueAt = (initiated: number, days: number) => Math.ceil((initiated + days * DAY) / DAY) * DAY;

/** Aborts what the rules say is abandoned by now; returns how many uploads. */
export function runLifecycle({ store, buckets, clock }: Pick<S3, "store" | "buckets" | "clock">): number {
  const now = clock.now();
  let aborted = 0;
  for (const bucket of buckets.all()) {
    for (const rule of bucket.lifecycleRules) {
      const days = rule.abortIncompleteMultipartUploadDays;
      if (!rule.enabled || days === undefined) continue;
      let after = { key: "", id: "" };
      for (;;) {
        const uploads = store.uploads(bucket.name, rule.prefix, after, PAGE);
        for (const upload of uploads) {
          if (!upload.key.startsWith(rule.prefix) || dueAt(upload.initiated, days) > now) continue;
          store.abortUpload(upload.id);
          aborted++;
        }
        const last = uploads.at(-1);
        if (!last || uploads.length < PAGE) break;
        after = { key: last.key, id: last.id };
      }
    }
  }
  store.forgetCompletions(now - COMPLETIONS_KEPT);
  return aborted;
}
