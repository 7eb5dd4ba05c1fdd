/** What `npm run test:access -- --mutants` breaks is there to be broken; that it is found then, that command shows. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { mutants } from "./mutants.ts";

test("each text stands in its file", () => {
  const missing = mutants.flatMap(({ name, file, changes }) =>
    changes
      .filter(([from]) => !readFileSync(file, "utf8").includes(from))
      .map(([from]) => `${name}: ${file} has no ${from}`),
  );
  expect(missing).toEqual([]);
});
