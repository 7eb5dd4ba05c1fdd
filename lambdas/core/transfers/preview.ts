import { keys, under } from "#aws/keys.ts";
import { rootFolder } from "#core/access/place.ts";
import { organizationRecord } from "#core/access/records.ts";
import { countHearing } from "#core/endpoints/count-hearing.ts";
import { type FileRecord, fileRecord, isStanding } from "#core/files/records.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { iso } from "#core/kernel/time.ts";
import { linkToken } from "#core/links/link-token.ts";
import { linkRecord } from "#core/links/records.ts";
import { linkState } from "#core/links/share-view.ts";
import type { FolderRecord } from "#core/tree/records.ts";
import { placeAfter, type Top, walk } from "#core/tree/walk.ts";
import type { Preview } from "./contract.ts";
import type { Claim } from "./find-claim.ts";
import type { OfferedShare } from "./offered-share.ts";

/** Names that are counted, and how long (ms) at most, of the 29 s that a call has. */
const MOST = 20_000;
const PATIENCE_MS = 18_000;
/** Names that are read before what they lead to is. */
const STEP = 1_000;
const PARALLEL = 32;

type PreviewDeps = Pick<Deps, "table" | "now" | "config">;
type Counts = Pick<Preview, "folders" | "files" | "bytes" | "links">;

/**
 * What a claim of a workspace, or of a folder or file in it, would bring, as it is now: what is larger than can be counted in some seconds isn't counted to
 * its end, and says so.
 */
export async function previewOf(
  deps: PreviewDeps,
  { workspace, file, folder, share }: Pick<Claim, "workspace" | "file" | "folder" | "share">,
): Promise<Preview> {
  const { workspace_id, organization_id } = workspace;
  const [counts, organization] = await Promise.all([
    share !== undefined
      ? countShare(deps, share)
      : file === undefined
        ? countIn(deps, workspace_id, folder)
        : countFile(deps, file),
    deps.table.get(organizationRecord.optional(), keys.organization(organization_id)),
  ]);
  return {
    ...{
      // A link has no name of its own, and what its file is called it shows to whoever has its password.
      name: share?.link.share_id ?? (file ?? folder ?? workspace).name,
      organization_id,
      organization_name: organization?.name ?? "",
    },
    ...{ ...counts, at: iso(deps.now()) },
  };
}

async function countIn(deps: PreviewDeps, workspaceId: string, folder: FolderRecord | undefined) {
  if (folder !== undefined) return countBelow(deps, { folder_id: folder.node_id, trail: [] });
  const [counts, endpoints] = await Promise.all([
    countBelow(deps, { folder_id: rootFolder(workspaceId), trail: [] }),
    countHearing(deps, workspaceId),
  ]);
  return { ...counts, endpoints };
}

function countShare({ now }: PreviewDeps, { link }: OfferedShare) {
  const links = linkState(link, now()) === "active" ? 1 : 0;
  return { folders: 0, files: 0, bytes: 0, links, complete: true };
}

async function countFile(deps: PreviewDeps, { node_id, size }: FileRecord) {
  return { folders: 0, files: 1, bytes: size, links: await liveLinks(deps, node_id), complete: true };
}

/** Names first, which are read in pages; then links, of each file by itself. */
async function countBelow(deps: PreviewDeps, top: Top): Promise<Counts & Pick<Preview, "complete">> {
  const counts: Counts = { folders: 0, files: 0, bytes: 0, links: 0 };
  const until = performance.now() + PATIENCE_MS;
  const timeLeft = () => performance.now() < until;
  const all: string[] = [];
  let after: ReturnType<typeof placeAfter> | undefined;
  let isWhole = false;
  for (let met = 0; !isWhole && met < MOST && timeLeft(); ) {
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
    isWhole = next.value;
    const standing = await filesAmong(deps, files);
    all.push(...standing.map(({ node_id }) => node_id));
    counts.bytes += standing.reduce((sum, { size }) => sum + size, 0);
  }
  counts.files = all.length;
  for (let at = 0; at < all.length; at += STEP) {
    if (!timeLeft()) return { ...counts, complete: false };
    const links = await inParallel(all.slice(at, at + STEP), PARALLEL, (id) => liveLinks(deps, id));
    counts.links += links.reduce((sum, count) => sum + count, 0);
  }
  return { ...counts, complete: isWhole };
}

async function filesAmong({ table }: PreviewDeps, ids: readonly string[]): Promise<FileRecord[]> {
  const nodes = await table.batchGet(ids.map((id) => keys.node(id)));
  return nodes.map((node) => fileRecord.safeParse(node).data).filter(isStanding);
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
