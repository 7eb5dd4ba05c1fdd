import { expect, test } from "vitest";
import { notesOnMissing } from "#local/s3/missing-blobs.ts";

const object = (key: string) => ({ key, isPart: false });
const part = (key: string) => ({ key, isPart: true });

test.each([
  [[], []],
  [
    [object("o/ws_1/upl_1")],
    [
      "1 blob is missing, so that 1 object can't be read: o/ws_1/upl_1; put the folder back from a backup, or delete the files and send them again (GET /v1/uploads/upl_1 tells which file it is)",
    ],
  ],
  [
    [object("a"), object("a"), object("b"), object("c"), object("d"), object("e")],
    [
      "6 blobs are missing, so that 5 objects can't be read: a, b, c and 2 more; put the folder back from a backup, or delete the files and send them again",
    ],
  ],
  [
    [part("o/ws_1/upl_1"), object("a"), part("o/ws_1/upl_1"), part("o/ws_1/upl_2")],
    [
      expect.stringMatching(/^1 blob is missing, so that 1 object can't be read: a;/),
      "3 blobs are missing of 2 open uploads: o/ws_1/upl_1, o/ws_1/upl_2; send these parts again (GET /v1/uploads/upl_… tells which are left)",
    ],
  ],
])("blobs of %j are told once a key, parts apart", (owners, notes) => {
  expect([...notesOnMissing(owners)]).toEqual(notes);
});
