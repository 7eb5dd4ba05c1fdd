import { keys, under } from "#aws/keys.ts";
import { rootFolder } from "#core/access/place.ts";
import { organizationRecord, type WorkspaceRecord } from "#core/access/records.ts";
import { countHearing } from "#core/endpoints/count-hearing.ts";
import { type FileRecord, fileRecord, isStanding } from "#core/files/records.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { iso } from "#core/kernel/time.ts";
import { linkToken } from "#core/links/link-token.ts";
import { linkRecord } from "#core/links/records.ts";
import { linkState } from "#core/links/share-view.ts";
import { placeAfter, type Top, walk } from "#core/tree/walk.ts";
import type { Preview } from "./contract.ts";

/** Names that are counted, and how long (ms) at most. */
const MOST = 20_000;
const PATIENCE_MS = 8_000;
/** Names that are read before what they lead to is. */
const STEP = 1_000;
const PARALLEL = 32;

type PreviewDeps = Pick<Deps, "table" | "now" | "config">;
type Counts = Pick<Preview, "folders" | "files" | "bytes" | "links">;

/**
 * What a claim of a workspace, or of a file in it, would bring, as it is now: what is larger than can be counted in some seconds isn't counted to
 * its end, and says so.
 */
export async function previewOf(
  deps: PreviewDeps,
  { workspace, file }: { workspace: WorkspaceRecord; file?: FileRecord | undefined },
): Promise<Preview> {
  const { workspace_id, organization_id } = workspace;
  const [counts, organization] = await Promise.all([
    file === undefined ? countAll(deps, workspace_id) : countFile(deps, file),
    deps.table.get(organizationRecord.optional(), keys.organization(organization_id)),
  ]);
  return {
    ...{ name: (file ?? workspace).name, organization_id, organization_name: organization?.name ?? "" },
    ...{ ...counts, at: iso(deps.now()) },
  };
}

async function countAll(deps: PreviewDeps, workspaceId: string) {
  const [counts, endpoints] = await Promise.all([
    countBelow(deps, { folder_id: rootFolder(workspaceId), trail: [] }),
    countHearing(deps, workspaceId),
  ]);
  return { ...counts, endpoints };
}

async function countFile(deps: PreviewDeps, { node_id, size }: FileRecord) {
  return { folders: 0, files: 1, bytes: size, links: await liveLinks(deps, node_id), complete: true };
}

async function countBelow(deps: PreviewDeps, top: Top): Promise<Counts & Pick<Preview, "complete">> {
  const counts: Counts = { folders: 0, files: 0, bytes: 0, links: 0 };
  const until = performance.now() + PATIENCE_MS;
  let after: ReturnType<typeof placeAfter> | undefined;
  for (let met = 0; met < MOST && performance.now() < until; ) {
    const files: string[] = [];
    const walking = walk(deps, top, { deep: true, after, most: STEP });
    let next = await walking.next();
    for (; next.done !== true; next = await walking.next()) {
      const { entry } = next.value;
      after = placeAfter(top, next.value, { deep: true });
      met += 1;
      if (entry.kind === "folder") counts.folders += 1;
      else files.push(entry.node_id);
    }
    await countFiles(deps, files, counts);
    if (next.value) return { ...counts, complete: true };
  }
  return { ...counts, complete: false };
}

async function countFiles(deps: PreviewDeps, ids: readonly string[], counts: Counts): Promise<void> {
  const nodes = await deps.table.batchGet(ids.map((id) => keys.node(id)));
  const files = nodes.map((node) => fileRecord.safeParse(node).data).filter(isStanding);
  counts.files += files.length;
  counts.bytes += files.reduce((sum, { size }) => sum + size, 0);
  const links = await inParallel(files, PARALLEL, ({ node_id }) => liveLinks(deps, node_id));
  counts.links += links.reduce((sum, count) => sum + count, 0);
}

/** How many links to a file lead there, of its newest hundred. */
async function liveLinks(deps: PreviewDeps, fileId: string): Promise<number> {
  const { items } = await deps.table.query({
    where: "#pk = :pk AND begins_with(#sk, :prefix)",
    values: { pk: keys.node(fileId).pk, prefix: under.shares },
    descending: true,
    limit: 100,
  });
  if (items.length === 0) return 0;
  const tokens = await Promise.all(items.map(({ share_id }) => linkToken(deps, String(share_id))));
  const links = await deps.table.batchGet(tokens.map((token) => keys.link(token)));
  const now = deps.now();
  return links.filter((item) => linkState(linkRecord.parse(item), now) === "active").length;
}
