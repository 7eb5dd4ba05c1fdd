import { expect, test } from "vitest";
import { notesOnMissing } from "../s3/missing-blobs.ts";

/** An app whose keys end in a number that it knows them by. */
const hintOn = (keys: readonly string[], of: string) =>
  keys.some((key) => /\d$/.test(key)) ? `the app knows ${keys.length} by ${of}` : undefined;

const object = (key: string) => ({ key, isPart: false });
const part = (key: string) => ({ key, isPart: true });

test.each([
  [[], []],
  [
    [object("o/1")],
    [
      "1 blob is missing, so that 1 object can't be read: o/1; put the folder back from a backup, or delete the files and send them again (the app knows 1 by object)",
    ],
  ],
  [
    [object("a"), object("a"), object("b"), object("c"), object("d"), object("e")],
    [
      "6 blobs are missing, so that 5 objects can't be read: a, b, c and 2 more; put the folder back from a backup, or delete the files and send them again",
    ],
  ],
  [
    [part("o/1"), object("a"), part("o/1"), part("o/2")],
    [
      expect.stringMatching(/^1 blob is missing, so that 1 object can't be read: a;/),
      "3 blobs are missing of 2 open uploads: o/1, o/2; send these parts again (the app knows 2 by part)",
    ],
  ],
])("blobs of %j are told once a key, parts apart", (owners, notes) => {
  expect([...notesOnMissing(owners, hintOn)]).toEqual(notes);
});
