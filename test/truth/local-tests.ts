/** Which of our own tests show a behaviour on the local cloud: those that carry its tag. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type BehaviourId, behaviourIds } from "./behaviours.ts";

const TESTS = fileURLToPath(new URL("..", import.meta.url));
/** vitest's `tags: […]`, and a case's `behaviours`; both take a `BehaviourId` alone, or don't compile. */
const TAGS = /\btags: \[([^\]]*)\]/g;
const CASE_BEHAVIOURS = /(?:\bbehaviours: |\bconst \w+ = )\[([^\]]*)\]/g;

/** Paths under `test/`, by behaviour: tagged tests, and lists of cases that the local cloud's tests run. */
export function localTests(): Map<BehaviourId, string[]> {
  const found = new Map(behaviourIds().map((id): [BehaviourId, string[]] => [id, []]));
  const paths = readdirSync(TESTS, { recursive: true, encoding: "utf8" }).map((path) =>
    path.replaceAll("\\", "/"),
  );
  for (const path of paths.sort()) {
    const pattern = patternOf(path);
    if (!pattern) continue;
    const lists = [...readFileSync(`${TESTS}/${path}`, "utf8").matchAll(pattern)].map(
      ([, list = ""]) => list,
    );
    for (const [id, files] of found) if (lists.some((list) => list.includes(`"${id}"`))) files.push(path);
  }
  return found;
}

function patternOf(path: string): RegExp | undefined {
  if (path.startsWith("conformance/") && path.endsWith(".ts")) return CASE_BEHAVIOURS;
  return path.endsWith(".test.ts") ? TAGS : undefined;
}
