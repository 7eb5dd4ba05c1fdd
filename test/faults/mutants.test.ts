/** What `npm run test:conditions` takes away is there to be taken away; that it is needed, that command shows. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { mutants } from "#test/locks/mutants.ts";
import { copies } from "./mutants/copies.ts";
import { folders } from "./mutants/folders.ts";
import { invitations } from "./mutants/invitations.ts";
import { organizations } from "./mutants/organizations.ts";
import { others } from "./mutants/others.ts";
import { policies } from "./mutants/policies.ts";
import { transfers } from "./mutants/transfers.ts";
import { uploads } from "./mutants/uploads.ts";
import { webhooks } from "./mutants/webhooks.ts";

test("each condition stands in its file", () => {
  const missing = [
    ...uploads,
    ...webhooks,
    ...others,
    ...organizations,
    ...invitations,
    ...folders,
    ...copies,
    ...transfers,
    ...policies,
  ].flatMap(({ name, changes }) =>
    changes
      .filter(({ file, from }) => !readFileSync(file, "utf8").includes(from))
      .map(({ file, from }) => `${name}: ${file} has no ${from}`),
  );
  expect(missing).toEqual([]);
});

test("so does what `npm run test:mutants` breaks", () => {
  const missing = mutants.flatMap(([name, file, ...changes]) =>
    changes
      .map(([from, , elsewhere = file]) => ({ from, path: `lambdas/core/${elsewhere}.ts` }))
      .filter(({ from, path }) => !readFileSync(path, "utf8").includes(from))
      .map(({ from, path }) => `${name}: ${path} has no ${from}`),
  );
  expect(missing).toEqual([]);
});
