/** Lists of objects, by prefix and delimiter, page by page. */
import assert from "node:assert/strict";
import { ListObjectsV2Command, type ListObjectsV2CommandInput, PutObjectCommand } from "@aws-sdk/client-s3";
import { type Case, numbered } from "../case.ts";
import { call, freshKey, outcome, type S3Target } from "./target.ts";

const behaviours = ["s3.listing"] as const;

/** In the order of their bytes. */
const KEYS = ["a b", "a/1", "a/2/x", "a/2/y", "a/b", "b", "c/d", "c/é/😀", "d e+f", "z"];

/** What stands under a prefix of their own, with a page's size. */
const lists: readonly (readonly [
  prefix: string,
  delimiter: string,
  keys: readonly string[],
  prefixes: readonly string[],
])[] = [
  ["", "", KEYS, []],
  ["", "/", ["a b", "b", "d e+f", "z"], ["a/", "c/"]],
  ["a", "", ["a b", "a/1", "a/2/x", "a/2/y", "a/b"], []],
  ["a/", "/", ["a/1", "a/b"], ["a/2/"]],
  ["a/2", "", ["a/2/x", "a/2/y"], []],
  ["a/2", "/", [], ["a/2/"]],
  ["c/", "/", ["c/d"], ["c/é/"]],
  ["d e+", "", ["d e+f"], []],
  ["nothing", "/", [], []],
];

const stored = new WeakMap<S3Target, Promise<string>>();

function filled(target: S3Target): Promise<string> {
  const fill = async () => {
    const root = `${freshKey("list")}/`;
    for (const key of KEYS)
      await target.client.send(new PutObjectCommand({ Bucket: target.bucket, Key: root + key, Body: key }));
    return root;
  };
  const root = stored.get(target) ?? fill();
  stored.set(target, root);
  return root;
}

async function listed(target: S3Target, input: Partial<ListObjectsV2CommandInput>) {
  const root = await filled(target);
  const keys: string[] = [];
  const prefixes: string[] = [];
  const own = (text = "") => text.slice(root.length);
  let ContinuationToken: string | undefined;
  for (let page = 0; page <= KEYS.length; page++) {
    const { Prefix = "", ...more } = input;
    const answer = await target.client.send(
      new ListObjectsV2Command({ Bucket: target.bucket, ...more, Prefix: root + Prefix, ContinuationToken }),
    );
    keys.push(...(answer.Contents ?? []).map(({ Key }) => own(Key)));
    prefixes.push(...(answer.CommonPrefixes ?? []).map((common) => own(common.Prefix)));
    ContinuationToken = answer.NextContinuationToken;
    if (ContinuationToken === undefined) return { keys, prefixes };
  }
  return assert.fail("the pages have no end");
}

export const listingCases: readonly Case<S3Target>[] = numbered([
  ...lists.flatMap(([Prefix, Delimiter, keys, prefixes]) =>
    [1, 2, 1_000].map((MaxKeys) => ({
      name: `prefix ${JSON.stringify(Prefix)}, delimiter ${JSON.stringify(Delimiter)}, by ${MaxKeys}`,
      behaviours,
      check: async (target: S3Target) =>
        assert.deepEqual(await listed(target, { Prefix, MaxKeys, ...(Delimiter !== "" && { Delimiter }) }), {
          keys,
          prefixes,
        }),
    })),
  ),
  {
    name: "starts after a key",
    behaviours,
    async check(target) {
      const StartAfter = `${await filled(target)}c/d`;
      assert.deepEqual((await listed(target, { StartAfter })).keys, ["c/é/😀", "d e+f", "z"]);
    },
  },
  {
    name: "tells size, ETag and class",
    behaviours,
    async check(target) {
      const Prefix = `${await filled(target)}b`;
      const { Contents } = await target.client.send(
        new ListObjectsV2Command({ Bucket: target.bucket, Prefix }),
      );
      assert.deepEqual(
        Contents?.map(({ Size, ETag, StorageClass }) => [Size, ETag, StorageClass]),
        [[1, '"92eb5ffee6ae2fec3ad71c777531578f"', "STANDARD"]],
      );
    },
  },
  ...[
    ["max-keys=x", "400 InvalidArgument"],
    ["max-keys=-1", "400 InvalidArgument"],
    ["encoding-type=base64", "400 InvalidArgument"],
    ["max-keys=0", "200"],
  ].map(([query, expected]) => ({
    name: `${query}: ${expected}`,
    behaviours,
    check: async (target: S3Target) =>
      assert.equal(await outcome(await call(target, `?list-type=2&${query}`)), expected),
  })),
]);
