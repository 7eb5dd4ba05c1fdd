import { keys, under } from "#aws/keys.ts";
import { type OrganizationNow, ownedOf } from "#core/access/organization-now.ts";
import { rootFolder } from "#core/access/place.ts";
import { type OrganizationRecord, organizationRecord, type WorkspaceRecord } from "#core/access/records.ts";
import { belongings } from "#core/access/standing.ts";
import { countHearing } from "#core/endpoints/count-hearing.ts";
import { type FileRecord, fileRecord, isStanding } from "#core/files/records.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { allRows } from "#core/kernel/live-rows.ts";
import { NO_RIGHTS, type Owned } from "#core/kernel/rights.ts";
import { iso } from "#core/kernel/time.ts";
import { isLeftBehind } from "#core/links/link-gone.ts";
import { readLinks } from "#core/links/read-links.ts";
import { linkState } from "#core/links/share-view.ts";
import type { FolderRecord } from "#core/tree/records.ts";
import { type Place, placeAfter, stepOf, type Top } from "#core/tree/walk.ts";
import type { Preview } from "./contract.ts";
import { listActing } from "./list-acting.ts";
import type { OfferedShare } from "./offered-share.ts";

/** Names that are counted, and how long (ms) at most, of the 29 s that a call has. */
const MOST = 20_000;
const PATIENCE_MS = 18_000;
/** Names that are read before what they lead to is. */
const STEP = 1_000;
const PARALLEL = 32;
/** Workspaces of an organization that are looked into. */
const PAGE = 100;

type PreviewDeps = Pick<Deps, "table" | "now" | "config">;
type Counts = Pick<Preview, "folders" | "files" | "bytes" | "links">;

/** How much is counted at most. */
interface Budget {
  left: number;
  timeLeft(): boolean;
}

export type PreviewOf =
  | {
      workspace: WorkspaceRecord;
      belongs: OrganizationNow;
      file?: FileRecord | undefined;
      folder?: FolderRecord | undefined;
      share?: OfferedShare | undefined;
      organization?: undefined;
    }
  | { organization: OrganizationRecord; offer: Offer };

/** For which transfer it is, and who made that. */
interface Offer {
  transfer_id?: string | undefined;
  maker: string;
}

/**
 * What a claim would bring, as it is now: what is larger than can be counted in some seconds isn't counted to its end, and
 * says so.
 */
export async function previewOf(deps: PreviewDeps, of: PreviewOf): Promise<Preview> {
  const until = performance.now() + PATIENCE_MS;
  const budget: Budget = { left: MOST, timeLeft: () => performance.now() < until };
  if (of.organization !== undefined) return previewOfOrganization(deps, of, budget);
  const { workspace, belongs, file, folder, share } = of;
  const owned = ownedOf(workspace, belongs);
  const { organization_id } = workspace;
  const counting =
    share !== undefined
      ? countShare(deps, share)
      : file !== undefined
        ? countFile(deps, owned, file)
        : countIn(deps, owned, folder, budget);
  const [counts, organization] = await Promise.all([
    counting,
    deps.table.get(organizationRecord.optional(), keys.organization(organization_id)),
  ]);
  return {
    // A link has no name of its own, and what its file is called it shows to whoever has its password.
    ...{ name: share?.link.share_id ?? (file ?? folder ?? workspace).name, organization_id },
    ...{ organization_name: organization?.name ?? "", ...counts, at: iso(deps.now()) },
  };
}

/** All of its workspaces one after the other, and who and what can act in it. */
async function previewOfOrganization(
  deps: PreviewDeps,
  { organization, offer }: { organization: OrganizationRecord; offer: Offer },
  budget: Budget,
): Promise<Preview> {
  const { organization_id, name } = organization;
  const ids = await idsOfWorkspaces(deps, organization_id);
  const { acting, isWhole } = await listActing(deps, organization, {
    ...{ workspaces: ids, offer },
    timeLeft: budget.timeLeft,
  });
  const counts: Counts = { folders: 0, files: 0, bytes: 0, links: 0 };
  let complete = isWhole;
  for (let at = 0; at < ids.length; at += PAGE) {
    complete &&= budget.timeLeft();
    if (!complete) break;
    const places = await belongings(deps, { id: "", rights: NO_RIGHTS }, ids.slice(at, at + PAGE));
    for (const { workspace } of places.values()) {
      const one = await countBelow(deps, ownedOf(workspace, organization), topOf(workspace), budget);
      for (const kind of ["folders", "files", "bytes", "links"] as const) counts[kind] += one[kind];
      complete &&= one.complete;
    }
  }
  const endpoints = acting.filter(({ type }) => type === "endpoint").length;
  return {
    ...{ name, organization_id, organization_name: name, workspaces: ids.length },
    ...{ ...counts, endpoints, acting, complete, at: iso(deps.now()) },
  };
}

async function idsOfWorkspaces(deps: PreviewDeps, organizationId: string): Promise<string[]> {
  const rows = await allRows(deps, keys.organization(organizationId), under.organizationWorkspaces);
  return rows.map((row) => String(row["workspace_id"]));
}

const topOf = ({ workspace_id }: Pick<Owned, "workspace_id">): Top => ({
  folder_id: rootFolder(workspace_id),
  trail: [],
});

async function countIn(deps: PreviewDeps, owned: Owned, folder: FolderRecord | undefined, budget: Budget) {
  if (folder !== undefined) return countBelow(deps, owned, { folder_id: folder.node_id, trail: [] }, budget);
  const [counts, endpoints] = await Promise.all([
    countBelow(deps, owned, topOf(owned), budget),
    countHearing(deps, owned.workspace_id),
  ]);
  return { ...counts, endpoints };
}

function countShare({ now }: PreviewDeps, { link }: OfferedShare) {
  const links = linkState(link, now()) === "active" ? 1 : 0;
  return { folders: 0, files: 0, bytes: 0, links, complete: true };
}

async function countFile(deps: PreviewDeps, owned: Owned, file: FileRecord) {
  return {
    folders: 0,
    files: 1,
    bytes: file.size,
    links: await liveLinks(deps, owned, file),
    complete: true,
  };
}

/** Names first, which are read in pages; then links, of each file by itself. */
async function countBelow(
  deps: PreviewDeps,
  owned: Owned,
  top: Top,
  budget: Budget,
): Promise<Counts & Pick<Preview, "complete">> {
  const counts: Counts = { folders: 0, files: 0, bytes: 0, links: 0 };
  const all: FileRecord[] = [];
  let after: Place | undefined;
  let isWhole = false;
  while (!isWhole && budget.left > 0 && budget.timeLeft()) {
    const step = await stepOf(deps, top, { deep: true, after, most: STEP });
    const { met } = step;
    ({ isWhole } = step);
    budget.left -= met.length;
    const last = met.at(-1);
    if (last !== undefined) after = placeAfter(top, last, { deep: true });
    const files = met.filter(({ entry }) => entry.kind !== "folder").map(({ entry }) => entry.node_id);
    counts.folders += met.length - files.length;
    const standing = await filesAmong(deps, files);
    all.push(...standing);
    counts.bytes += standing.reduce((sum, { size }) => sum + size, 0);
  }
  counts.files = all.length;
  for (let at = 0; at < all.length; at += STEP) {
    if (!budget.timeLeft()) return { ...counts, complete: false };
    const links = await inParallel(all.slice(at, at + STEP), PARALLEL, (file) =>
      liveLinks(deps, owned, file),
    );
    counts.links += links.reduce((sum, count) => sum + count, 0);
  }
  return { ...counts, complete: isWhole };
}

async function filesAmong({ table }: PreviewDeps, ids: readonly string[]): Promise<FileRecord[]> {
  const nodes = await table.batchGet(ids.map((id) => keys.node(id)));
  return nodes.map((node) => fileRecord.safeParse(node).data).filter(isStanding);
}

/** How many links to a file lead there, of its newest hundred. */
async function liveLinks(deps: PreviewDeps, owned: Owned, file: FileRecord): Promise<number> {
  const { items } = await deps.table.query({
    where: "#pk = :pk AND begins_with(#sk, :prefix)",
    values: { pk: keys.node(file.node_id).pk, prefix: under.shares },
    descending: true,
    limit: 100,
  });
  if (items.length === 0) return 0;
  const links = await readLinks(
    deps,
    items.map(({ share_id }) => String(share_id)),
  );
  const now = deps.now();
  const leads = links.filter((link) => linkState(link, now) === "active" && !isLeftBehind(link, file, owned));
  return leads.length;
}
