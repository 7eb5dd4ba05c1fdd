import { describe, expect, test } from "vitest";
import { type Scope, scopes } from "#contract/scopes.ts";
import { fileMadeBy, type Made, madeBy, mayHandle, readsAll, type Verb } from "#core/access/may-handle.ts";

const files = ["own", "mixed", "others"] as const;
const things = [undefined, "own", "others"] as const;

/** What a caller without `files:read` may do: the file's makers, then the version's, link's or lock's. */
const table: Record<Verb, (made: Made) => boolean> = {
  read: () => false,
  write: ({ file }) => file === "own",
  change: ({ file }) => file === "own",
  delete: ({ file }) => file === "own",
  lock: ({ file }) => file === "own",
  see_lock: ({ file, thing }) => file === "own" || thing === "own",
  renew_lock: ({ file, thing }) => file === "own" || thing === "own",
  release_lock: ({ file, thing }) => file === "own" || thing === "own",
  share: ({ thing }) => thing === "own",
  delete_version: ({ thing }) => thing === "own",
  see_link: ({ thing }) => thing === "own",
};
const verbs = Object.entries(table) as [Verb, (made: Made) => boolean][];

/** Every set of scopes that a token can have. */
const sets = Array.from(
  { length: 2 ** scopes.length },
  (_, bits) => new Set<Scope>(scopes.filter((_, bit) => (bits >> bit) & 1)),
);

describe("by scopes, verb and makers", () => {
  test.for(verbs)("%s", ([verb, expected]) => {
    for (const held of sets) {
      const all = held.has("files:read") || held.has("admin");
      expect(readsAll(held)).toBe(all);
      for (const file of files) {
        for (const thing of things) {
          const made = { file, thing };
          expect([...held, file, thing, mayHandle(readsAll(held), verb, made)]).toEqual([
            ...held,
            file,
            thing,
            all || expected(made),
          ]);
        }
      }
    }
  });
});

test("who made what", () => {
  expect(fileMadeBy("a", { created_by: "a" })).toBe("own");
  expect(fileMadeBy("a", { created_by: "a", mixed: true })).toBe("mixed");
  expect(fileMadeBy("a", { created_by: "b", mixed: true })).toBe("others");
  expect([madeBy("a", "a"), madeBy("a", "b"), madeBy("a", undefined)]).toEqual(["own", "others", undefined]);
});
