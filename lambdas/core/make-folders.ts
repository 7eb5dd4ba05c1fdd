import { keys } from "#aws/keys.ts";
import { TransactionFailed, type Write } from "#aws/table.ts";
import { type Deps, iso, newId } from "./deps.ts";
import { WharfError } from "./error.ts";
import { hintPath } from "./file-entry.ts";
import { entryRecord, fileHintRecord, pathHintRecord } from "./records.ts";
import { rootFolder } from "./workspace.ts";

/** Each lost round is another's success at making a folder of the same path. */
const ROUNDS = 8;

/**
 * The id of the folder at a path, whose missing levels are made in one transaction.
 *
 * One read where the folder exists. @param segments names from the root down, at most 32.
 * @throws WharfError name_taken where a file stands in the way.
 */
export async function makeFolders(
  deps: Pick<Deps, "table" | "now">,
  workspaceId: string,
  segments: readonly string[],
): Promise<string> {
  return (await makeWay(deps, workspaceId, segments)).folderId;
}

/** `makeFolders`, and in the same read which file may stand at `name` in the folder; only its entry tells for sure. */
export async function makeWay(
  deps: Pick<Deps, "table" | "now">,
  workspaceId: string,
  segments: readonly string[],
  name?: string,
): Promise<{ folderId: string; hintedFile: string | undefined }> {
  const paths = segments.map((_, level) => segments.slice(0, level + 1).join("/"));
  const filePath = name === undefined ? undefined : hintPath(paths.at(-1), name);
  const hints = await deps.table.batchGet([
    ...paths.map((path) => keys.pathHint(workspaceId, path)),
    ...(filePath === undefined ? [] : [keys.fileHint(workspaceId, filePath)]),
  ]);
  const known = new Map<string, string>();
  let hintedFile: string | undefined;
  for (const hint of hints) {
    const folder = pathHintRecord.safeParse(hint);
    if (folder.success) known.set(folder.data.path, folder.data.folder_id);
    else hintedFile = fileHintRecord.parse(hint).file_id;
  }
  return { folderId: await makeMissing(deps, workspaceId, paths, known), hintedFile };
}

async function makeMissing(
  deps: Pick<Deps, "table" | "now">,
  workspaceId: string,
  paths: readonly string[],
  known: Map<string, string>,
): Promise<string> {
  for (let round = 0; round < ROUNDS; round++) {
    const depth = paths.findLastIndex((path) => known.has(path)) + 1;
    let folderId = known.get(paths[depth - 1] ?? "") ?? rootFolder(workspaceId);
    const writes: Write[] = [];
    for (const path of paths.slice(depth)) {
      const made = newId("fld", deps.now());
      writes.push(...folderWrites(deps.now(), { workspaceId, parentId: folderId, folderId: made, path }));
      folderId = made;
    }
    if (writes.length === 0) return folderId;
    try {
      await deps.table.transact(writes);
      return folderId;
    } catch (error) {
      if (!(error instanceof TransactionFailed)) throw error;
      // Only the first new level can be taken: the others are under an id that nobody has seen.
      known.set(paths[depth] ?? "", takenBy(error, paths[depth] ?? ""));
    }
  }
  throw new WharfError("conflict", `Others are making the folders of ${paths.at(-1)}; send this again.`, {
    retry_after_seconds: 1,
  });
}

interface NewFolder {
  workspaceId: string;
  parentId: string;
  folderId: string;
  path: string;
}

function folderWrites(now: number, { workspaceId, parentId, folderId, path }: NewFolder): Write[] {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return [
    {
      put: { ...keys.entry(parentId, name), node_id: folderId, kind: "folder" },
      condition: "attribute_not_exists(#pk)",
    },
    {
      put: {
        ...keys.node(folderId),
        kind: "folder",
        node_id: folderId,
        workspace_id: workspaceId,
        parent_id: parentId,
        ...{ name, path },
        created_at: iso(now),
      },
    },
    { put: { ...keys.pathHint(workspaceId, path), path, folder_id: folderId } },
  ];
}

/** The folder that another made at this path meanwhile. */
function takenBy(error: TransactionFailed, path: string): string {
  const entry = entryRecord.parse(error.failed.get(0));
  if (entry.kind === "file") {
    throw new WharfError("name_taken", `${path} is a file, so it can't hold folders or files.`, {
      file_id: entry.node_id,
    });
  }
  return entry.node_id;
}
