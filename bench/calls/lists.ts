/** What a page of a list of all that is below a folder costs, by the folder's shape. */
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { createTable } from "#aws/table.ts";
import { MAX_DEPTH } from "#contract/common.ts";
import { folderPage } from "#core/files/list-contract.ts";
import { newId } from "#core/kernel/ids.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import type { Story } from "#test/support/story.ts";
import { type Cost, count } from "./count.ts";

const COUNT = 100;

/** Counts each page: of a folder of 100 files, and of 100 folders, one in the other as far as they may be. */
export async function countLists(story: Story): Promise<Cost[]> {
  const { file_id } = await story.upload(Buffer.from("hello"), { filename: "flat/first.txt" });
  await copyFile(story, file_id, COUNT - 1);
  for (let chain = 0; chain * (MAX_DEPTH - 1) < COUNT; chain++) {
    const depth = Math.min(MAX_DEPTH - 1, COUNT - chain * (MAX_DEPTH - 1));
    const path = ["nested", ...Array.from({ length: depth }, () => `${chain}`)].join("/");
    await story.api(`/v1/workspaces/${story.workspaceId}/folders`, { json: { path } });
  }
  return [...(await pagesOf(story, "flat")), ...(await pagesOf(story, "nested"))];
}

/** Puts as many files like one beside it, past the API, for which they would be as many uploads. */
export async function copyFile(
  { dynamodb, tableName }: Pick<Story, "dynamodb" | "tableName">,
  fileId: string,
  copies: number,
): Promise<void> {
  const table = createTable(dynamodb, tableName);
  const file = await table.get(z.looseObject({ folder_id: z.string() }), keys.node(fileId));
  if (file === undefined) throw new Error(`${fileId} is gone`);
  const blind = "under an id and a name of its own";
  const indexes = Array.from({ length: copies }, (_, index) => index);
  await inParallel(indexes, 4, async (index) => {
    const [node_id, name] = [newId("file", Date.now()), `copy-${index}.txt`];
    await table.put({ put: { ...file, ...keys.node(node_id), node_id, name }, blind });
    await table.put({ put: { ...keys.entry(file.folder_id, name), node_id, kind: "file" }, blind });
  });
}

async function pagesOf(story: Story, path: string): Promise<Cost[]> {
  const costs: Cost[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const from: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const url = `/v1/workspaces/${story.workspaceId}/files?path=${path}&recursive=true&limit=100${from}`;
    const name = `${COUNT} ${path === "flat" ? "files in a folder" : "folders in folders"}, page ${costs.length + 1}`;
    const { cost, answer } = await count(story, name, (headers) => story.api(url, { headers }));
    costs.push(cost);
    cursor = folderPage.parse(await answer.json()).next_cursor;
  }
  return costs;
}
