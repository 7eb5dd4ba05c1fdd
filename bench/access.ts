/**
 * One decision where there are many of everything, beside one where there are few: 10^5 grants on the workspace, 10^3 of
 * the caller's own, 10^5 members of the organization. What is read, and so what it costs, doesn't grow with them.
 */
import { BatchWriteCommand, DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { keys } from "#aws/keys.ts";
import { createTable, type Item } from "#aws/table.ts";
import { judge } from "#core/access/authorize.ts";
import { type Located, locateNode, rootFolder } from "#core/access/place.ts";
import { MAX_IN_RECORD } from "#core/access/rights-of.ts";
import { fileRecord } from "#core/files/records.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { HeldGrant } from "#core/kernel/rights.ts";
import { inProcessDynamoDb, type Network } from "#test/support/in-process-dynamodb.ts";
import { spec } from "#test/support/table-spec.ts";
import { startWorld } from "#test/support/world.ts";

const NOW = Date.UTC(2026, 0, 1);
const [WORKSPACE, ORGANIZATION, CALLER] = ["ws_bench", "org_bench", "cli_bench"];
const DEPTH = 10;
/** DynamoDB: 25 items at most in a BatchWriteItem. */
const AT_ONCE = 25;
/** Bytes of one read unit, strongly consistent. */
const UNIT = 4_096;

interface Many {
  onWorkspace: number;
  ofCaller: number;
  members: number;
}

/** Prints p50, round trips and read units of a decision with few and with many, and their ratios. */
export async function run({ short }: { short: boolean }): Promise<void> {
  const most = short ? 200 : 100_000;
  const rounds = short ? 20 : 2_000;
  const few = await measure({ onWorkspace: 3, ofCaller: 3, members: 3 }, rounds);
  for (const [name, many] of Object.entries({
    [`${most} grants on the workspace`]: { onWorkspace: most, ofCaller: 3, members: 3 },
    [`${short ? 100 : 1_000} grants of the caller`]: {
      onWorkspace: 3,
      ofCaller: short ? 100 : 1_000,
      members: 3,
    },
    [`${most} members of the organization`]: { onWorkspace: 3, ofCaller: 3, members: most },
  })) {
    const measured = await measure(many, rounds);
    for (const [at, { ms, units, calls }] of measured.entries()) {
      const base = few[at];
      if (base === undefined) continue;
      console.log(
        `${name}, ${at === 0 ? "by a grant on the workspace" : `by a grant on a folder, ${DEPTH} deep`}: ` +
          `p50 ${ms.toFixed(3)} ms (${ratio(ms, base.ms)}), ${units} read units (${ratio(units, base.units)}), ${calls} calls (few: ${base.calls})`,
      );
    }
  }
  await hiddenBesideMissing(short ? 10 : 300);
}

/** Requests of an uploader about what it may not know of, and about what isn't there: as long as each other, or it learns. */
async function hiddenBesideMissing(rounds: number): Promise<void> {
  const world = await startWorld();
  try {
    const scopes = ["files:read", "files:write", "grants:write"] as const;
    const [team, uploader] = [await world.client(...scopes), await world.client(...scopes)];
    const hidden = await world.addFile(team, "drop/hidden.txt");
    const { folder_id: folder } = fileRecord.parse((await world.deps.table.batchGet([keys.node(hidden)]))[0]);
    const json = { principal_id: uploader.client_id, role: "uploader" };
    await team.request(`/v1/folders/${folder}/grants`, { json });
    const questions = {
      "a file's id": [`/v1/files/${hidden}`, `/v1/files/file_${"0".repeat(26)}`],
      "a folder's path": ["drop", "nobody"].map(
        (path) => `/v1/workspaces/${team.workspace_id}/files?path=${path}`,
      ),
    };
    for (const [what, [is = "", isnt = ""]] of Object.entries(questions)) {
      const took: [number[], number[]] = [[], []];
      for (let round = 0; round < rounds; round++)
        for (const [at, path] of [is, isnt].entries()) {
          const start = performance.now();
          const { status } = await uploader.request(path);
          if (status !== 404) throw new Error(`${path} is ${status}`);
          took[at]?.push(performance.now() - start);
        }
      const [there, nowhere] = took.map((all) => all.sort((a, b) => a - b)[all.length >> 1] ?? 0);
      console.log(
        `${what}: p50 ${there?.toFixed(3)} ms where it is hidden, ${nowhere?.toFixed(3)} ms where there is none: ${((there ?? 0) / (nowhere ?? 1)).toFixed(2)} ×`,
      );
    }
  } finally {
    await world.close();
  }
}

const ratio = (one: number, other: number) =>
  one === other ? "as with few" : `${(one / other).toFixed(2)} × that with few`;

async function measure({ onWorkspace, ofCaller, members }: Many, rounds: number) {
  const engine = inProcessDynamoDb(spec, () => NOW);
  let [units, calls] = [0, 0];
  const network: Network = async ({ run }) => {
    calls += 1;
    const answer = await run();
    units += unitsOf(JSON.parse(Buffer.from(answer.body).toString("utf8")));
    return answer;
  };
  try {
    const held = (at: number, on: string, workspace_id: string) => ({
      ...{ grant_id: `grt_${at}`, on, workspace_id, role: "editor" as const },
    });
    await fill(DynamoDBDocumentClient.from(engine.client()), [
      ...many(onWorkspace, (at) => ({
        ...keys.resourceGrant(WORKSPACE, `grt_${at}`),
        ...held(at, WORKSPACE, WORKSPACE),
      })),
      ...many(members, (at) => ({
        ...keys.member(ORGANIZATION, `cli_${at}`),
        principal_id: `cli_${at}`,
        role: "guest",
      })),
      ...many(Math.max(0, ofCaller - MAX_IN_RECORD), (at) => ({
        ...keys.furtherGrant(CALLER, `ws_${at}`, `grt_${at}`),
        ...held(at, `ws_${at}`, `ws_${at}`),
      })),
      ...tree(),
    ]);
    const deps = { table: createTable(engine.client(network), spec.name), now: () => NOW };
    const results = [];
    for (const on of [WORKSPACE, "fld_1"]) {
      const grants: HeldGrant[] = [
        { ...held(0, on, WORKSPACE), actions: ["list", "read"] },
        ...many(
          Math.min(ofCaller, MAX_IN_RECORD) - 1,
          (at): HeldGrant => ({
            ...held(at + 1, `ws_${at}`, `ws_${at}`),
            actions: ["list"],
          }),
        ),
      ];
      const caller: Caller = {
        ...{ id: CALLER, name: "", scopes: new Set(["files:read"]), workspaces: {} },
        rights: { organizations: {}, grants, more_grants: ofCaller > MAX_IN_RECORD, groups: [] },
      };
      const times: number[] = [];
      [units, calls] = [0, 0];
      for (let round = 0; round < rounds; round++) {
        const before = performance.now();
        const decision = await judge(deps, caller, file(), "read");
        times.push(performance.now() - before);
        if (decision?.allowed !== true) throw new Error("the decision is wrong");
      }
      const ms = times.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
      results.push({ ms, units: units / rounds, calls: calls / rounds });
    }
    return results;
  } finally {
    await engine.close();
  }
}

const many = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at));
const folders = many(DEPTH, (at) => `fld_${at + 1}`);

function tree(): Item[] {
  return [
    {
      ...keys.workspace(WORKSPACE),
      ...{ workspace_id: WORKSPACE, name: "bench", root_folder: rootFolder(WORKSPACE) },
      ...{ organization_id: ORGANIZATION, created_at: "2026-01-01T00:00:00.000Z" },
    },
    ...folders.map((node_id, at) => ({
      ...keys.node(node_id),
      ...{ kind: "folder", node_id, workspace_id: WORKSPACE, name: node_id },
      parent_id: folders[at - 1] ?? rootFolder(WORKSPACE),
    })),
  ];
}

function file(): Located | undefined {
  return locateNode(CALLER, {
    ...{ kind: "file", node_id: "file_bench", workspace_id: WORKSPACE },
    ...{ folder_id: folders.at(-1), above: folders, created_by: "cli_other" },
  });
}

async function fill(doc: DynamoDBDocumentClient, items: readonly Item[]): Promise<void> {
  for (let from = 0; from < items.length; from += AT_ONCE) {
    const part = items.slice(from, from + AT_ONCE).map((Item) => ({ PutRequest: { Item } }));
    await doc.send(new BatchWriteCommand({ RequestItems: { [spec.name]: part } }));
  }
}

/** By the size of what was read: each item of a batch by itself, those of a query together; nothing costs one too. */
function unitsOf(answer: { Items?: unknown[]; Responses?: Record<string, unknown[]> }): number {
  const size = (value: unknown) => Math.max(1, Math.ceil(JSON.stringify(value).length / UNIT));
  if (answer.Items !== undefined) return size(answer.Items);
  return Object.values(answer.Responses ?? {})
    .flat()
    .reduce((sum: number, item) => sum + size(item), 0);
}
