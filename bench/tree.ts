/**
 * A folder that is renamed, deleted and restored, and a workspace that is claimed, with few files in it and with many, beside what the same takes where a
 * path is a key, as in S3: a copy and a delete for each object.
 */
import { BatchWriteCommand, DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { keys, sha256 } from "#aws/keys.ts";
import { createTable, type Item } from "#aws/table.ts";
import { actionsOfRole } from "#contract/roles.ts";
import { judge } from "#core/access/authorize.ts";
import { locateNode, rootFolder } from "#core/access/place.ts";
import { clientCaller } from "#core/accounts/authenticate.ts";
import { clientRecord, currentClient } from "#core/accounts/records.ts";
import { changeFolder } from "#core/folders/change-folder.ts";
import { deleteFolder } from "#core/folders/delete-folder.ts";
import type { Call, Caller } from "#core/kernel/call.ts";
import { newId } from "#core/kernel/ids.ts";
import { iso } from "#core/kernel/time.ts";
import { acceptWorkspace } from "#core/transfers/accept-workspace.ts";
import { findClaimOfThing } from "#core/transfers/find-claim.ts";
import type { TransferRecord } from "#core/transfers/records.ts";
import { restoreItem } from "#core/trash/restore-item.ts";
import { inProcessDynamoDb, type Network } from "#test/support/in-process-dynamodb.ts";
import { spec } from "#test/support/table-spec.ts";

const [WORKSPACE, CALLER, FOLDER] = ["ws_bench", "cli_bench", "fld_heap"];
const OWNERS = [
  { client_id: "cli_one", organization_id: "org_one" },
  { client_id: "cli_other", organization_id: "org_other" },
] as const;
/** DynamoDB: 25 items at most in a BatchWriteItem. */
const AT_ONCE = 25;
const FEW = 100;
/** S3: a rename is a CopyObject and a DeleteObject for each object. */
const S3_CALLS = 2;

/** Prints p50 and AWS calls of each, with few files and with many, and the ratio to S3's. */
export async function run({ short }: { short: boolean }): Promise<void> {
  const most = short ? 1_000 : 100_000;
  const rounds = short ? 3 : 200;
  // Each leaves its taker a grant more.
  const claims = Math.min(rounds, 40);
  const few = { ...(await measure(FEW, rounds)), "a claim": await measureClaims(FEW, claims) };
  const many = { ...(await measure(most, rounds)), "a claim": await measureClaims(most, claims) };
  for (const [what, { ms, calls }] of Object.entries(many)) {
    const base = few[what as keyof typeof few];
    console.log(
      `${what}: p50 ${base.ms.toFixed(3)} ms and ${base.calls} calls with ${FEW} files below, ${ms.toFixed(3)} ms (${(ms / base.ms).toFixed(2)} ×) and ${calls} calls with ${most}; ` +
        `by copies and deletes in S3 it would be ${S3_CALLS * most} calls (${((S3_CALLS * most) / calls).toFixed(0)} ×)`,
    );
  }
}

async function measure(files: number, rounds: number) {
  let now = Date.UTC(2026, 0, 1);
  const engine = inProcessDynamoDb(spec, () => now);
  let calls = 0;
  const network: Network = ({ run }) => {
    calls += 1;
    return run();
  };
  try {
    await fill(DynamoDBDocumentClient.from(engine.client()), tree(files));
    const deps = {
      table: createTable(engine.client(network), spec.name),
      now: () => now,
      config: { trashDays: 30 },
    };
    const caller: Caller = {
      ...{ id: CALLER, name: "", scopes: new Set(["admin" as const]), workspaces: {} },
      rights: {
        ...{ organizations: {}, more_grants: false, groups: [] },
        grants: [
          {
            ...{ grant_id: "grt_1", on: WORKSPACE, workspace_id: WORKSPACE },
            actions: actionsOfRole("owner"),
          },
        ],
      },
    };
    /** As a route does: the folder comes with the token, then it is decided. */
    const asked = async (action: "write" | "delete"): Promise<Call> => {
      const ahead = await deps.table.batchGet([keys.node(FOLDER)]);
      const access = await judge(deps, caller, locateNode(CALLER, ahead[0]), action, { whole: true });
      if (access?.allowed !== true) throw new Error("the decision is wrong");
      return { caller, requestId: "bench", record: () => [], ahead, access };
    };
    const verbs = {
      "a rename": async (round: number) => {
        await changeFolder(deps, await asked("write"), FOLDER, { name: `heap-${round}` });
      },
      "a deletion": async () => deleteFolder(deps, await asked("delete"), FOLDER),
      "a restoration": async () => {
        await restoreItem(deps, { caller, requestId: "bench", record: () => [] }, FOLDER);
      },
    };
    const times = { "a rename": [], "a deletion": [], "a restoration": [] } as Record<
      keyof typeof verbs,
      { ms: number; calls: number }[]
    >;
    for (let round = 0; round < rounds; round++)
      for (const what of Object.keys(verbs) as (keyof typeof verbs)[]) {
        now += 1_000;
        calls = 0;
        const before = performance.now();
        await verbs[what](round);
        times[what].push({ ms: performance.now() - before, calls });
      }
    return {
      "a rename": median(times["a rename"]),
      "a deletion": median(times["a deletion"]),
      "a restoration": median(times["a restoration"]),
    };
  } finally {
    await engine.close();
  }
}

const median = (all: { ms: number; calls: number }[]) =>
  all.toSorted((a, b) => a.ms - b.ms)[all.length >> 1] ?? { ms: 0, calls: 0 };

/** A workspace that two organizations hand to each other. */
async function measureClaims(files: number, rounds: number) {
  let now = Date.UTC(2026, 0, 1);
  const engine = inProcessDynamoDb(spec, () => now);
  let calls = 0;
  const network: Network = ({ run }) => {
    calls += 1;
    return run();
  };
  try {
    const doc = DynamoDBDocumentClient.from(engine.client());
    const owning = { on: WORKSPACE, workspace_id: WORKSPACE, role: "owner" };
    await fill(doc, [
      ...tree(files),
      ...OWNERS.flatMap(({ client_id, organization_id }, at) => [
        {
          ...keys.organization(organization_id),
          ...{ organization_id, name: organization_id, owners: 1, created_at: iso(now) },
        },
        {
          ...keys.client(client_id),
          ...{ client_id, name: client_id, scopes: ["admin"], organization_id, secrets: [], workspaces: {} },
          ...{ organizations: { [organization_id]: "owner" }, more_grants: 0, groups: [] },
          ...{ created_at: iso(now), grants: at === 0 ? { grt_first: owning } : {} },
        },
      ]),
    ]);
    const table = createTable(engine.client(network), spec.name);
    await table.update({
      key: keys.workspace(WORKSPACE),
      update: { set: { organization_id: OWNERS[0].organization_id, created_by: OWNERS[0].client_id } },
      condition: "attribute_exists(#pk)",
    });
    const times: { ms: number; calls: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      now += 1_000;
      const [from, to] = round % 2 === 0 ? OWNERS : [OWNERS[1], OWNERS[0]];
      const token = `whc_${newId("trf", now).slice(4)}_${"A".repeat(43)}`;
      const record: TransferRecord = {
        ...{ transfer_id: `trf_${token.split("_")[1]}`, type: "workspace", resource_id: WORKSPACE },
        ...{ workspace_id: WORKSPACE, name: "bench", organization_id: from.organization_id, epoch: round },
        ...{ place: 0, residual_role: "none", keep: { shares: true, webhooks: false } },
        ...{ hash: sha256(token), created_at: iso(now), made_by: { principal_id: from.client_id } },
        ...{ scopes: ["admin"], expires_ms: now + 60_000 },
      };
      await fill(doc, [{ ...keys.transfer(record.transfer_id), ...record }]);
      const [holder] = await table.batchGet([keys.client(to.client_id)]);
      const client = currentClient(clientRecord.parse(holder));
      const caller = clientCaller(client, { scopes: ["admin"] });
      const call: Call = { caller, requestId: "bench", record: () => [] };
      calls = 0;
      const before = performance.now();
      const first = await findClaimOfThing({ table, now: () => now }, call, token);
      await acceptWorkspace({ table, now: () => now }, call, token, { first });
      times.push({ ms: performance.now() - before, calls });
    }
    return median(times);
  } finally {
    await engine.close();
  }
}

/** A folder in the root, and files in it, as they are made. */
function tree(files: number): Item[] {
  const root = rootFolder(WORKSPACE);
  const created_at = "2026-01-01T00:00:00.000Z";
  const ofFolder = { kind: "folder", workspace_id: WORKSPACE, created_at };
  return [
    {
      ...keys.workspace(WORKSPACE),
      ...{ workspace_id: WORKSPACE, name: "bench", root_folder: root, created_at },
    },
    { ...keys.node(root), ...ofFolder, node_id: root, parent_id: null, name: "" },
    { ...keys.entry(root, "heap"), node_id: FOLDER, kind: "folder" },
    {
      ...keys.node(FOLDER),
      ...ofFolder,
      ...{ node_id: FOLDER, parent_id: root, name: "heap", path: "heap", above: [] },
      ...{ reach_levels: 1, reach_bytes: 64 },
    },
    ...Array.from({ length: files }, (_, at) => {
      const [node_id, name] = [`file_${at}`, `${at}.bin`];
      return [
        { ...keys.entry(FOLDER, name), node_id, kind: "file", created_by: CALLER },
        {
          ...keys.node(node_id),
          ...{ kind: "file", node_id, workspace_id: WORKSPACE, folder_id: FOLDER, name },
          ...{ above: [FOLDER], created_at, created_by: CALLER, updated_at: created_at },
          ...{ version_id: `ver_${at}`, size: 1, content_type: "application/octet-stream" },
          ...{ object_key: `o/${at}`, fencing: 0 },
        },
      ];
    }).flat(),
  ];
}

async function fill(doc: DynamoDBDocumentClient, items: readonly Item[]): Promise<void> {
  for (let from = 0; from < items.length; from += AT_ONCE) {
    const part = items.slice(from, from + AT_ONCE).map((Item) => ({ PutRequest: { Item } }));
    await doc.send(new BatchWriteCommand({ RequestItems: { [spec.name]: part } }));
  }
}
