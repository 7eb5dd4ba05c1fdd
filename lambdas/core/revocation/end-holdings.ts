/** What ends when a client or key is revoked: sessions, locks, endpoints, what it has made and, where it is asked for, links. */
import { DUE_INDEX, type DueKind, due, dueShards, keys } from "#aws/keys.ts";
import { describe, say } from "#aws/log.ts";
import { happened, type Item } from "#aws/table.ts";
import { disableEndpoint } from "#core/endpoints/disable-endpoint.ts";
import { readHooks } from "#core/endpoints/match-endpoints.ts";
import { fileRecord } from "#core/files/records.ts";
import type { DueDeps } from "#core/kernel/deps.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { iso } from "#core/kernel/time.ts";
import { isHeldStill } from "#core/links/link-holder.ts";
import { linkRecord } from "#core/links/records.ts";
import { revokeLink } from "#core/links/revoke-share.ts";
import { breakLease } from "#core/locks/break-lock.ts";
import { endUpload } from "#core/uploads/abort-upload.ts";
import { uploadRecord } from "#core/uploads/records.ts";
import { type Ended, nothingEnded } from "./contract.ts";
import { endProgeny } from "./end-progeny.ts";
import { type Revocation, revocationRecord } from "./records.ts";

/**
 * A pass that began this long after the revocation has seen all: calls that were under way live for 29 s, and the
 * index lags by moments.
 */
const SETTLED_MS = 60_000;
const GIVE_UP_MS = 3_600_000;
const PARALLEL = 4;
/** So deep a run follows what was made by what was made; the sweep goes on from there. */
const MAX_DEPTH = 8;

/** A job as the index has it. */
export function revocationOf(item: Item): Revocation {
  return revocationRecord.parse(item);
}

/**
 * Takes a job on: first what it has made, then, through the index of what is due, what a client holds, until its pass is over or
 * `timeLeft` says so: the shards side by side, page by page. What has ended has left the index, so that a run which
 * goes on begins a kind anew. Idempotent, also beside another run.
 *
 * @returns what it ended; `complete` where it has seen all and none failed, and `settled` where no call that was under way
 *   can have left anything since.
 */
export async function endHoldings(
  deps: DueDeps,
  given: Revocation,
  depth = 0,
): Promise<{ ended: Ended; complete: boolean; settled: boolean }> {
  const ended = nothingEnded();
  let job = given;
  let failures = 0;
  let whole = true;
  if (job.kind === 0) {
    job = { ...job, began_ms: deps.now() };
    ended.endpoints = await disableEndpoints(deps, job.client_id);
    const progeny = await endProgeny(deps, job.client_id);
    for (const kind of progeny.ended) ended[kind] += 1;
    failures += progeny.failures;
    for (const further of progeny.jobs) {
      // Each is the sweep's too: what isn't done here is done there.
      const left = depth < MAX_DEPTH && deps.timeLeft?.() !== false;
      const done = left ? await endHoldings(deps, further, depth + 1) : undefined;
      if (done !== undefined) addTo(ended, done.ended);
      whole &&= done?.complete ?? false;
    }
    if (deps.timeLeft?.() === false) {
      await save(deps, job, deps.now());
      return { ended, complete: false, settled: false };
    }
  }
  const kinds = kindsOf(job).slice(job.kind);
  for (const kind of kinds) {
    const shards = dueShards(kind.due).map((shard) => endShard(deps, kind, { shard, client: job.client_id }));
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
  return { ended, complete: failures === 0 && whole, settled };
}

function addTo(ended: Ended, more: Ended): void {
  for (const kind of kindsOfThings) ended[kind] += more[kind];
}
const kindsOfThings = [
  "sessions",
  "locks",
  "links",
  "endpoints",
  "keys",
  "clients",
  "secrets",
  "grants",
] as const;

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
  name: "sessions" | "locks" | "links";
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
  filter: "#created_by = :client AND attribute_not_exists(#held) OR #held.#holder_id = :client",
  values: {},
  async end(deps, item) {
    const link = linkRecord.parse(item);
    // One that was handed to it is its own no more where the file's workspace is another's by now.
    if (link.held !== undefined && !(await isHeldStill(deps, link))) return false;
    return revokeLink(deps, link);
  },
};

/** What is held is a client's, whichever of its keys it was made with. */
function kindsOf(job: Revocation): readonly Kind[] {
  if (!job.client_id.startsWith("cli_")) return [];
  return job.links === "revoke" ? [links, sessions, locks] : [sessions, locks];
}

async function disableEndpoints(deps: DueDeps, ended: string): Promise<number> {
  let disabled = 0;
  for (const hook of await readHooks(deps)) {
    const own = hook.client_id === ended || hook.made_by?.key_id === ended;
    if (own && (await disableEndpoint(deps, hook, "revoked", `revoke-${ended}`))) disabled += 1;
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
