/** Which of our own tests show a behaviour on the local cloud: those that carry its tag. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BehaviourId, behaviourIds } from "@wharf/local-cloud/test/behaviours.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDERS = ["local/test", "test"];
/** Lists of cases that the local cloud's tests run; they name behaviours in `behaviours` alone. */
const LISTS = /^local\/test\/conformance\/.*\.ts$/;
/** vitest's `tags: […]`; it takes a `BehaviourId` alone, or doesn't compile. */
const TAGS = /\btags: \[([^\]]*)\]/g;

/** Paths by behaviour: tagged tests, and lists of cases that the local cloud's tests run. */
export function localTests(): Map<BehaviourId, string[]> {
  const found = new Map(behaviourIds().map((id): [BehaviourId, string[]] => [id, []]));
  const paths = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map(
      (path) => `${folder}/${path.replaceAll("\\", "/")}`,
    ),
  );
  for (const path of paths.sort()) {
    const named = namedIn(path);
    for (const [id, files] of found) if (named.includes(`"${id}"`)) files.push(path);
  }
  return found;
}

/** The part of a file's text that names behaviours. */
function namedIn(path: string): string {
  if (LISTS.test(path)) return readFileSync(join(ROOT, path), "utf8");
  if (!path.endsWith(".test.ts")) return "";
  return [...readFileSync(join(ROOT, path), "utf8").matchAll(TAGS)].map(([, list]) => list).join();
}
