/** What ends when a client is revoked: sessions, locks, endpoints and, where it is asked for, links. */
import * as z from "zod";
import { ifNone } from "#aws/changes.ts";
import { DUE_INDEX, DUE_SHARDS, type DueKind, due, keys } from "#aws/keys.ts";
import { describe, say } from "#aws/log.ts";
import { happened, type Item, type Update } from "#aws/table.ts";
import { disableEndpoint } from "#core/endpoints/disable-endpoint.ts";
import { readHooks } from "#core/endpoints/match-endpoints.ts";
import { fileRecord } from "#core/files/records.ts";
import type { DueDeps } from "#core/kernel/deps.ts";
import { newId } from "#core/kernel/ids.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { iso } from "#core/kernel/time.ts";
import { linkRecord } from "#core/links/records.ts";
import { revokeLink } from "#core/links/revoke-share.ts";
import { breakLease } from "#core/locks/break-lock.ts";
import { endUpload } from "#core/uploads/abort-upload.ts";
import { uploadRecord } from "#core/uploads/records.ts";

/**
 * A pass that began this long after the revocation has seen all: calls that were under way live for 29 s, and the
 * index lags by moments.
 */
const SETTLED_MS = 60_000;
const GIVE_UP_MS = 3_600_000;
const PARALLEL = 4;

export type LinksEnd = "keep" | "revoke";

export const revocationRecord = z.object({
  client_id: z.string(),
  run: z.string(),
  links: z.enum(["keep", "revoke"]),
  revoked_ms: z.number(),
  /** When the pass under way began, and which kind of thing it is at. */
  began_ms: z.number(),
  kind: z.number(),
});
export type Revocation = z.infer<typeof revocationRecord>;

export interface Ended {
  sessions: number;
  locks: number;
  links: number;
  endpoints: number;
}

/**
 * A new job in the place of the one before, and the write that makes it due for the sweep.
 *
 * @param links what becomes of them; where it isn't said, what the job before has, which may not have come to them yet.
 */
export function newRevocation(
  now: number,
  clientId: string,
  { links, earlier }: { links: LinksEnd | undefined; earlier: Revocation | undefined },
): { job: Revocation; write: Update } {
  const job = { client_id: clientId, run: newId("job", now), revoked_ms: now, began_ms: now, kind: 0 };
  return {
    job: { ...job, links: links ?? earlier?.links ?? "keep" },
    write: {
      key: keys.revocation(clientId),
      // Where it isn't said: also what another has asked for since.
      update: {
        set: { ...job, ...due("revocation", now, clientId), links: links ?? ifNone("keep") },
        remove: ["ended_at"],
      },
    },
  };
}

/** A job as the index has it. */
export function revocationOf(item: Item): Revocation {
  return revocationRecord.parse(item);
}

/**
 * Takes a job on, through the index of what is due, in which all that a client holds stands, until its pass is over or
 * `timeLeft` says so: the shards side by side, page by page. What has ended has left the index, so that a run which
 * goes on begins a kind anew. Idempotent, also beside another run.
 *
 * @returns what it ended; `complete` where it has seen all and none failed, and `settled` where no call that was under way
 *   can have left anything since.
 */
export async function endHoldings(
  deps: DueDeps,
  given: Revocation,
): Promise<{ ended: Ended; complete: boolean; settled: boolean }> {
  const ended: Ended = { sessions: 0, locks: 0, links: 0, endpoints: 0 };
  let job = given;
  if (job.kind === 0) {
    job = { ...job, began_ms: deps.now() };
    ended.endpoints = await disableEndpoints(deps, job.client_id);
  }
  const kinds = kindsOf(job).slice(job.kind);
  let failures = 0;
  for (const kind of kinds) {
    const shards = Array.from({ length: DUE_SHARDS }, (_, shard) =>
      endShard(deps, kind, { shard: `${kind.due}#${shard}`, client: job.client_id }),
    );
    for (const shard of await Promise.all(shards)) {
      ended[kind.name] += shard.ended;
      failures += shard.failures;
    }
    if (deps.timeLeft?.() === false) {
      await save(deps, job, deps.now());
      return { ended, complete: false, settled: false };
    }
    job = { ...job, kind: job.kind + 1 };
  }
  // What failed is tried again each minute, for an hour.
  const settled = job.began_ms >= job.revoked_ms + (failures === 0 ? SETTLED_MS : GIVE_UP_MS);
  const again = settled ? undefined : Math.max(job.revoked_ms, job.began_ms) + SETTLED_MS;
  await save(deps, { ...job, kind: 0 }, again);
  return { ended, complete: failures === 0, settled };
}

async function endShard(
  deps: DueDeps,
  kind: Kind,
  place: { shard: string; client: string },
): Promise<{ ended: number; failures: number }> {
  let [ended, failures] = [0, 0];
  let after: Item | undefined;
  do {
    const { items, next } = await deps.table.query({
      index: DUE_INDEX,
      where: "#due_pk = :shard",
      filter: kind.filter,
      values: { ...place, ...kind.values },
      after,
    });
    const results = await inParallel(items, PARALLEL, (item) => endOne(deps, kind, item));
    ended += results.filter(Boolean).length;
    failures += results.filter((result) => result === undefined).length;
    after = next;
  } while (after !== undefined && deps.timeLeft?.() !== false);
  return { ended, failures };
}

/** `undefined` where it failed, so that one that can't be ended keeps no other. */
async function endOne(deps: DueDeps, { name, end }: Kind, item: Item): Promise<boolean | undefined> {
  try {
    return await end(deps, item);
  } catch (error) {
    say("error", `one of a revoked client's ${name} could not be ended`, { error: describe(error) });
    return undefined;
  }
}

interface Kind {
  name: Exclude<keyof Ended, "endpoints">;
  due: DueKind;
  filter: string;
  values: Item;
  end(deps: DueDeps, item: Item): Promise<boolean>;
}

const sessions: Kind = {
  name: "sessions",
  due: "upload",
  filter: "#client_id = :client AND #state IN (:open, :finalizing)",
  values: { open: "open", finalizing: "finalizing" },
  // Ended and due at once: the sweep that knows S3 removes the bytes.
  end: async (deps, item) => (await endUpload(deps, uploadRecord.parse(item), "aborted")) !== undefined,
};
const locks: Kind = {
  name: "locks",
  due: "lock",
  filter: "#lock.#client_id = :client",
  values: {},
  end: (deps, item) => {
    const file = fileRecord.parse(item);
    const requestId = `revoke-${file.lock?.client_id}`;
    return breakLease(deps, file, {
      requestId,
      actor: { type: "system", id: "revocation" },
      reason: "its client has been revoked",
    });
  },
};
const links: Kind = {
  name: "links",
  due: "link",
  filter: "#created_by = :client",
  values: {},
  end: (deps, item) => revokeLink(deps, linkRecord.parse(item)),
};

function kindsOf(job: Revocation): readonly [Kind, ...Kind[]] {
  return job.links === "revoke" ? [links, sessions, locks] : [sessions, locks];
}

async function disableEndpoints(deps: DueDeps, clientId: string): Promise<number> {
  let disabled = 0;
  for (const hook of await readHooks(deps)) {
    const own = hook.client_id === clientId;
    if (own && (await disableEndpoint(deps, hook, "revoked", `revoke-${clientId}`))) disabled += 1;
  }
  return disabled;
}

/** Keeps how far the job is, unless another has taken its place; without `againMs` it is over. */
async function save(
  { table, now }: DueDeps,
  { client_id, run, began_ms, kind }: Revocation,
  againMs: number | undefined,
): Promise<void> {
  const over = againMs === undefined;
  const place = { began_ms, kind };
  await happened(
    table.update({
      key: keys.revocation(client_id),
      update: over
        ? { set: { ...place, ended_at: iso(now()) }, remove: ["due_pk", "due_sk"] }
        : { set: { ...place, ...due("revocation", againMs, client_id) } },
      condition: "#run = :run",
      values: { run },
    }),
  );
}
