/** Notices that the data folder, or what it can't do without, is taken away under a running cloud. */
import { join } from "node:path";
import { folderId } from "../folder-id.ts";

export interface FolderWatch {
  /** What is gone and what to do, as long as it is; `undefined` while all is in place. */
  loss(): string | undefined;
  stop(): void;
}

/** What is open or written to all the time; what else is missing is found out where it is read. */
const NEEDED = ["", "s3.sqlite", "dynamodb.sqlite", "sqs.sqlite", "blobs"];
/** Real ms in which the user is told. */
const LOOK_MS = 250;

/** Watches what there is of `dir` now; `tell` hears once of a loss, and once of its end. */
export function watchFolder(dir: string, tell: (text: string) => void): FolderWatch {
  const paths = NEEDED.map((name) => join(dir, name));
  const ids = new Map(paths.map((path) => [path, idOf(path)]));
  let told: string | undefined;

  function loss(): string | undefined {
    const path = paths.find((one) => ids.get(one) !== undefined && idOf(one) !== ids.get(one));
    if (path === undefined) return undefined;
    const what = path === paths[0] ? `The folder ${dir}` : path;
    return `${what} is gone: it was removed, moved or replaced while the local cloud runs on it. Nothing is kept any more. Put back the very same, or stop the cloud and start it again.`;
  }

  const timer = setInterval(() => {
    const now = loss();
    if (now === told) return;
    tell(now ?? `${dir} is whole again: the local cloud goes on.`);
    told = now;
  }, LOOK_MS).unref();
  return { loss, stop: () => clearInterval(timer) };
}

/** A folder that can't be looked at is as good as gone. */
function idOf(path: string): string | undefined {
  try {
    return folderId(path);
  } catch {
    return undefined;
  }
}
