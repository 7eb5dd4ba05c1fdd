import { statSync } from "node:fs";

/** Names a folder wherever it is moved, and none of its copies; `undefined` where there is none. */
export function folderId(dir: string): string | undefined {
  const found = statSync(dir, { throwIfNoEntry: false, bigint: true });
  return found && `${found.dev}:${found.ino}`;
}
