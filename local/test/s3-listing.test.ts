import {
  ListObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUCKET, type Harness, outcome, startS3 } from "./s3-harness.ts";

let h: Harness;
const KEYS = ["a", "a/", "a/1", "a/2/x", "a/2/y", "a/b", "b", "c//d", "c/é/😀", "d e+f", "z"];
beforeAll(async () => {
  h = await startS3();
  for (const Key of KEYS) await h.client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: Key }));
});
afterAll(() => h[Symbol.asyncDispose]());

const list = (input: Partial<ListObjectsV2CommandInput>) =>
  h.client.send(new ListObjectsV2Command({ Bucket: BUCKET, ...input }));

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** What S3's documentation says a listing holds. */
function expected(prefix: string, delimiter: string, all = KEYS) {
  const keys: string[] = [];
  const prefixes = new Set<string>();
  for (const key of all.filter((name) => name.startsWith(prefix)).sort(byBytes)) {
    const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    if (at < 0) keys.push(key);
    else prefixes.add(key.slice(0, at + delimiter.length));
  }
  return { keys, prefixes: [...prefixes] };
}

/** All pages of version 1. */
async function listPages(input: { Bucket: string; Prefix: string; Delimiter: string; MaxKeys: number }) {
  const keys: string[] = [];
  const prefixes: string[] = [];
  let Marker: string | undefined;
  for (let page = 0; page <= 40; page++) {
    const answer = await h.client.send(new ListObjectsCommand({ ...input, Marker }));
    keys.push(...(answer.Contents ?? []).map((object) => object.Key ?? ""));
    prefixes.push(...(answer.CommonPrefixes ?? []).map((common) => common.Prefix ?? ""));
    if (!answer.IsTruncated) break;
    // S3: the marker of the next page is the last key, where the answer names none.
    Marker = answer.NextMarker ?? keys.at(-1);
  }
  return { keys, prefixes };
}

describe("ListObjects", () => {
  it("loses no key where a delimiter of several characters lies across the prefix", async () => {
    const words = [""];
    for (const word of words) if (word.length < 4) words.push(`${word}a`, `${word}b`);
    const all = words.slice(1);
    h.s3.createBucket({ name: "words" });
    for (const Key of all) await h.client.send(new PutObjectCommand({ Bucket: "words", Key, Body: Key }));
    const letters = fc.constantFrom("a", "b");
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: letters, maxLength: 2 }),
        fc.string({ unit: letters, minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 8 }),
        async (Prefix, Delimiter, MaxKeys) => {
          const found = await listPages({ Bucket: "words", Prefix, Delimiter, MaxKeys });
          expect(found).toEqual(expected(Prefix, Delimiter, all));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("lists by prefix and delimiter, each page after the last entry of the one before", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("", "a", "a/", "a/2", "c/", "nothing"),
        fc.constantFrom("", "/", "2", "//"),
        fc.integer({ min: 1, max: 12 }),
        async (Prefix, Delimiter, MaxKeys) => {
          const found = await listPages({ Bucket: BUCKET, Prefix, Delimiter, MaxKeys });
          expect(found).toEqual(expected(Prefix, Delimiter));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("ListObjectsV2", () => {
  it("lists by prefix and delimiter, whatever the page size", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("", "a", "a/", "a/2", "c/", "d e+", "nothing"),
        fc.constantFrom("", "/", "2", "//"),
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom("url" as const, undefined),
        async (Prefix, Delimiter, MaxKeys, EncodingType) => {
          const decode = EncodingType === "url" ? decodeURIComponent : (text: string) => text;
          const keys: string[] = [];
          const prefixes: string[] = [];
          let ContinuationToken: string | undefined;
          for (let page = 0; page <= KEYS.length; page++) {
            const input = { Prefix, Delimiter, MaxKeys, EncodingType, ContinuationToken };
            const answer = await list(input);
            keys.push(...(answer.Contents ?? []).map((object) => decode(object.Key ?? "")));
            prefixes.push(...(answer.CommonPrefixes ?? []).map((common) => decode(common.Prefix ?? "")));
            expect(answer.KeyCount).toBe(
              (answer.Contents?.length ?? 0) + (answer.CommonPrefixes?.length ?? 0),
            );
            ContinuationToken = answer.NextContinuationToken;
            if (ContinuationToken === undefined) break;
          }
          expect({ keys, prefixes }).toEqual(expected(Prefix, Delimiter));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("describes each object", async () => {
    const { Contents } = await list({ Prefix: "b" });
    expect(Contents).toMatchObject([
      { Key: "b", Size: 1, StorageClass: "STANDARD", ChecksumType: "FULL_OBJECT" },
    ]);
  });

  it.each([["continuation-token=%00", "400 InvalidArgument"]])("%s answers %s", async (query, answer) => {
    expect(await outcome(await h.anonymous(`/${BUCKET}?list-type=2&${query}`))).toBe(answer);
  });
});
