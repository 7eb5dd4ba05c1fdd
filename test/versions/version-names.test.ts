/** A name belongs to the content that it was judged with: no version is served under a name that another was given. */
import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { keys } from "#aws/keys.ts";
import { page } from "#contract/common.ts";
import type { FinalizeAnswer } from "#core/finalize/contract.ts";
import { share } from "#core/links/contract.ts";
import { version } from "#core/versions/contract.ts";
import { uploader } from "#test/support/uploads.ts";
import { type Client, PUBLIC_URL, read, refusal, startWorld, type World } from "#test/support/world.ts";

const PROGRAM = Buffer.concat([Buffer.from("MZ"), Buffer.alloc(126)]);
const PDF = "%PDF-1.7 the bill";

let world: World;
/** An administrator of the workspace, who reads all of it. */
let owner: Client;
/** A client of the same workspace whose links are bound to versions of its own. */
let maker: { request: Client["request"] };
let files = 0;
let program: FinalizeAnswer;

beforeAll(async () => {
  world = await startWorld();
  owner = await world.client(
    "files:read",
    "files:write",
    "files:delete",
    "locks:write",
    "workspaces:write",
    "shares:write",
  );
  maker = {
    request: await owner.withScopes(
      "files:write",
      "files:delete",
      "locks:write",
      "workspaces:write",
      "shares:write",
    ),
  };
});
afterAll(() => world.close());

beforeEach(async () => {
  program = await uploader(maker).uploaded(`tool-${++files}.exe`, PROGRAM);
});

const rename = (name: string) =>
  owner.request(`/v1/files/${program.file_id}`, { method: "PATCH", json: { name } });
const replace = (content: string) => uploader(owner).uploaded(`tool-${files}.exe`, content);
/** The name that S3 is told to save the bytes under. */
const savedAs = async (answer: Response | Promise<Response>) => {
  const url = new URL((await answer).headers.get("location") ?? "");
  return /filename="([^"]*)"/.exec(url.searchParams.get("response-content-disposition") ?? "")?.[1];
};
const download = (versionId: string) =>
  owner.request(`/v1/files/${program.file_id}/versions/${versionId}/content`);
const linkTo = (by: { request: Client["request"] }) =>
  read(share, by.request(`/v1/files/${program.file_id}/shares`, { json: {} }));
const list = async () =>
  (await read(page.of(version), owner.request(`/v1/files/${program.file_id}/versions`))).items;

describe("an old version under a name that the file got later", () => {
  let invoice: string;

  beforeEach(async () => {
    invoice = `invoice-${files}.pdf`;
    await replace(PDF);
    expect((await rename(invoice)).status).toBe(200);
  });

  test("is not what its link serves, nor does that tell the new name", async () => {
    const url = program.share_url ?? "";
    expect(await savedAs(world.request(url))).toBe(`tool-${files}.exe`);
    const shown = await (
      await world.request(url, { headers: { accept: "text/html", "sec-fetch-mode": "navigate" } })
    ).text();
    expect(shown).toContain(`tool-${files}.exe`);
    expect(shown).not.toContain(invoice);
  });

  test("is not what the version itself serves, and its events say so", async () => {
    expect(await savedAs(download(program.version_id))).toBe(`tool-${files}.exe`);
    const told = (await world.events("file_downloaded")).filter((one) => one.file_id === program.file_id);
    expect(told.map(({ data }) => data["name"])).toEqual([`tool-${files}.exe`]);
    // What follows the current version follows its name.
    expect(await savedAs(owner.request(`/v1/files/${program.file_id}/content`))).toBe(invoice);
    expect(await savedAs(world.request((await linkTo(owner)).share_url))).toBe(invoice);
  });

  test("does not come back under it", async () => {
    const restore = owner.request(`/v1/files/${program.file_id}/versions/${program.version_id}/restore`, {
      method: "POST",
    });
    expect(await refusal(restore)).toEqual([422, "type_mismatch"]);
  });

  test("has a name of its own in the list, where the new one is nobody's yet", async () => {
    expect((await list()).map(({ name }) => name)).toEqual([`tool-${files}.exe`, `tool-${files}.exe`]);
  });
});

test("a link made after a rename shows that name, and keeps it through the next", async () => {
  expect((await rename(`setup-${files}.exe`)).status).toBe(200);
  const { share_url } = await linkTo(maker);
  expect((await rename(`for-the-board-${files}.exe`)).status).toBe(200);
  expect(await savedAs(world.request(share_url))).toBe(`setup-${files}.exe`);
  expect(await savedAs(world.request(program.share_url ?? ""))).toBe(`tool-${files}.exe`);
});

test("a restored version has the name under which it came back", async () => {
  await replace("text");
  expect((await rename(`old-${files}.exe`)).status).toBe(200);
  const restored = await read(
    version,
    owner.request(`/v1/files/${program.file_id}/versions/${program.version_id}/restore`, { method: "POST" }),
  );
  expect(restored.name).toBe(`old-${files}.exe`);
  expect(await savedAs(download(restored.version_id))).toBe(`old-${files}.exe`);
});

describe("a version from before versions had names", () => {
  /** Takes the names away that an older Wharf didn't keep, and what it knew of the bytes. */
  async function age() {
    const token = (program.share_url ?? "").slice(`${PUBLIC_URL}/s/`.length);
    for (const Key of [keys.version(program.file_id, program.version_id), keys.link(token)])
      await world.dynamo.send(
        new UpdateCommand({
          TableName: world.tableName,
          Key,
          UpdateExpression: "REMOVE #name, #sniffed",
          ExpressionAttributeNames: { "#name": "name", "#sniffed": "sniffed" },
        }),
      );
  }

  test("is judged by its bytes: what doesn't fit the file's name is saved as something that nobody opens", async () => {
    await age();
    await replace(PDF);
    expect((await rename(`invoice-${files}.pdf`)).status).toBe(200);
    const safe = `invoice-${files}.pdf.bin`;
    expect(await savedAs(world.request(program.share_url ?? ""))).toBe(safe);
    expect(await savedAs(download(program.version_id))).toBe(safe);
    expect((await list()).map(({ name }) => name)).toEqual([`tool-${files}.exe`, undefined]);
  });

  test("has the file's name where it fits", async () => {
    await age();
    await replace("text");
    expect(await savedAs(download(program.version_id))).toBe(`tool-${files}.exe`);
    expect(await savedAs(world.request(program.share_url ?? ""))).toBe(`tool-${files}.exe`);
  });
});
