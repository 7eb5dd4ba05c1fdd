/**
 * Runs uploads, moves, deletions and aborts at once, in two environments whose clocks differ, with every AWS call's
 * answer lost, the call sent twice, copied for later, its caller frozen or its read old at random; then lets all copies
 * arrive and the sweep run, and checks that what was acknowledged is there, once, with its bytes.
 */
import assert from "node:assert/strict";
import { type Fault, type FaultCall, mayBeStale } from "@wharf/local-cloud";
import fc from "fast-check";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { sweepUploads } from "#core/finalize/sweep-uploads.ts";
import { startAnswer } from "#core/uploads/contract.ts";
import { sweepVersions } from "#core/versions/sweep-versions.ts";
import { checkUploadsEnd, type Told } from "./check-uploads-end.ts";
import { put } from "./uploads.ts";
import { type Given, startWorld, type World } from "./world.ts";

const DAY = 86_400_000;
/** Frozen callers go on after so long by the services' clock, which each further call moves on. */
const FREEZE_MS = 300;
const TICK_MS = 100;

const faults: Record<string, Fault | undefined> = {
  none: undefined,
  "answer lost": "after",
  "never there": "before",
  twice: "twice",
  "copy soon": { late: { afterCalls: 1 }, answered: true },
  "copy later": { late: { afterCalls: 12 }, answered: true },
  "copy at the end": { late: { afterCalls: 10_000 }, answered: true },
  "first try soon": { late: { afterCalls: 2 }, answered: false },
  "first try later": { late: { afterCalls: 15 }, answered: false },
  "first try at the end": { late: { afterCalls: 10_000 }, answered: false },
  "frozen before": { freeze: FREEZE_MS },
  "frozen after": { freeze: FREEZE_MS, happened: true },
  /** Of reads that may be. */
  old: { staleMs: 2_000 },
};
const fault = fc.oneof(
  { weight: 2, arbitrary: fc.constant("none") },
  { weight: 1, arbitrary: fc.constantFrom(...Object.keys(faults)) },
);

const path = fc.constantFrom("h/a.txt", "h/b.txt", "h/i/a.txt", "root.txt");
const nth = fc.nat(40);
const elsewhere = fc.boolean();
const act = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("upload" as const),
      path,
      if_exists: fc.constantFrom("version", "rename", "fail"),
      isLeft: fc.boolean(),
      elsewhere,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom("finalize" as const, "abort" as const), nth, elsewhere }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), nth, elsewhere }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("move" as const), nth, path, elsewhere }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("sweep" as const), elsewhere }) },
);
const history = fc.record({
  rounds: fc.array(
    fc.record({
      acts: fc.array(act, { minLength: 2, maxLength: 6 }),
      // Past the second for which others are told to wait, and past the time after which the sweep settles.
      pause: fc.constantFrom(0, 1_000, 21 * 60_000),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  faults: fc.array(fault, { minLength: 1, maxLength: 16 }),
  clockOffsetMs: fc.constantFrom(0, -3_000, 3_000, 2_500),
});
type Act = typeof act extends fc.Arbitrary<infer A> ? A : never;
type History = typeof history extends fc.Arbitrary<infer H> ? H : never;

export interface UploadReport {
  runs: number;
  seed: number;
  acts: Record<string, number>;
  statuses: Record<string, number>;
  faults: Record<string, number>;
}

/** Checks `runs` random histories. @throws with the seed and the history where one ends wrong. */
export async function checkUploads({ runs, seed }: { runs: number; seed: number }): Promise<UploadReport> {
  const report: UploadReport = { runs, seed, acts: {}, statuses: {}, faults: {} };
  const world = await startWorld({ retries: true });
  world.keepHistory(60_000);
  try {
    await fc.assert(
      fc.asyncProperty(history, (one) => runHistory(world, one, report)),
      // What comes when isn't the seed's to say, so that a shorter history may well end right.
      { numRuns: runs, seed, endOnFailure: true },
    );
  } finally {
    await world.close();
  }
  return report;
}

async function runHistory(world: World, { rounds, faults, clockOffsetMs }: History, report: UploadReport) {
  const client = await world.client(
    "files:read",
    "files:write",
    "files:delete",
    "locks:write",
    "workspaces:write",
    "shares:write",
  );
  const other = await client.elsewhere({ clockOffsetMs });
  const environments = [world.deps, world.anotherEnvironment({ clockOffsetMs })] as const;
  const told: Told[] = [];
  const files: string[] = [];

  async function send(one: Act, to: string, given: Given): Promise<Response> {
    const answer = await (one.elsewhere ? other : client.request)(to, given);
    count(report.statuses, `${one.do} ${answer.status}`);
    assert([200, 201, 204, 404, 409, 429, 503].includes(answer.status), `${one.do}: ${answer.status}`);
    return answer;
  }

  async function finalize(one: Act, session: Told): Promise<void> {
    const answer = await send(one, `/v1/uploads/${session.uploadId}/finalize`, { json: {} });
    if (answer.status !== 200) return;
    const made = finalizeAnswer.parse(await answer.json());
    assert.deepEqual(made, session.finalized ?? made, "a finalize has two answers");
    session.finalized = made;
    files.push(made.file_id);
  }

  async function act(one: Act): Promise<unknown> {
    count(report.acts, one.do);
    switch (one.do) {
      case "upload": {
        const { path: filename, if_exists } = one;
        const json = { filename, if_exists, size: 5 };
        const started = await send(one, "/v1/uploads", { json });
        if (started.status !== 201) return;
        const { upload_id: uploadId, parts } = startAnswer.parse(await started.json());
        const session: Told = { uploadId };
        told.push(session);
        await put(parts[0]?.url, "bytes", parts[0]?.headers);
        return one.isLeft ? undefined : finalize(one, session);
      }
      case "finalize":
      case "abort": {
        const session = told[one.nth % told.length];
        if (session === undefined) return;
        if (one.do === "finalize") return finalize(one, session);
        const answer = await send(one, `/v1/uploads/${session.uploadId}`, { method: "DELETE" });
        if (answer.ok) session.aborted = true;
        return;
      }
      case "delete": {
        const file = files[one.nth % files.length];
        return file && send(one, `/v1/files/${file}`, { method: "DELETE" });
      }
      case "move": {
        const file = files[one.nth % files.length];
        if (file === undefined) return;
        const [name = "", ...folders] = one.path.split("/").reverse();
        const json = { name, folder: `/${folders.reverse().join("/")}` };
        return send(one, `/v1/files/${file}`, { method: "PATCH", json });
      }
      case "sweep":
        // What fails is due again.
        return sweepUploads(environments[one.elsewhere ? 1 : 0]).catch(() => 0);
    }
  }

  world.setFault(striking(world, faults, report));
  for (const { acts, pause } of rounds) {
    await Promise.all(acts.map(act));
    world.advance(pause);
  }
  world.setFault();
  await world.late.flush();
  // Sessions end within 6 days, and URLs to bytes before.
  for (const days of [0, 7, 1, 1]) {
    world.advance(days * DAY);
    await sweepUploads(world.deps);
    await sweepVersions(world.deps);
  }
  await checkUploadsEnd(world, client.workspace_id, told);
}

/** Strikes calls of the verbs' by turns, each try's first time only; nothing else of the test's. */
function striking(world: World, names: readonly string[], report: UploadReport) {
  const seen = new Set<string>();
  let calls = 0;
  let frozen = 0;
  return (call: FaultCall): Fault | undefined => {
    if (frozen > 0) world.advanceServices(TICK_MS);
    const content = `${call.action} ${call.path} ${call.body}`;
    if (call.caller !== "root" || seen.has(content)) return undefined;
    seen.add(content);
    const name = names[calls++ % names.length] ?? "none";
    if (name === "old" && !mayBeStale(call)) return undefined;
    count(report.faults, name);
    if (name.startsWith("frozen")) frozen += 1;
    return faults[name];
  };
}

function count(of: Record<string, number>, name: string): void {
  of[name] = (of[name] ?? 0) + 1;
}
