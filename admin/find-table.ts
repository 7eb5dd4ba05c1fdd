import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { folderId } from "#local/folder-id.ts";
import { isAlive } from "#local/is-alive.ts";

/** Where the table is, and what a DynamoDB client needs to reach it. */
export interface TableLocation {
  table: string;
  region?: string;
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
}

/** Written by `cdk deploy --outputs-file`: outputs by stack. */
const outputsFile = z.record(z.string(), z.record(z.string(), z.string()));

/** Written by the local cloud into its data directory while it runs. */
const localFile = z.object({
  awsUrl: z.url(),
  region: z.string(),
  table: z.string(),
  credentials: z.object({ accessKeyId: z.string(), secretAccessKey: z.string() }),
  /** Of the process that wrote it, and of the folder that it uses. */
  pid: z.number().optional(),
  folder: z.string().optional(),
});

/** Finds the table by what the administrator said. @throws Error saying what to do. */
export async function findTable(
  { table, region, local, data }: { table?: string; region?: string; local: boolean; data: string },
  env: Record<string, string | undefined>,
): Promise<TableLocation> {
  if (local) {
    const found = await readJson(join(data, "endpoint.json"), localFile);
    if (found === undefined) throw new Error(`No local cloud runs on ${data}. Start one with npm start.`);
    // A copy of a folder in use leads to the cloud of the original; one that was killed to whoever has its port now.
    if (found.folder !== folderId(data) || !isAlive(found.pid ?? 0)) {
      throw new Error(
        `No local cloud runs on ${data}: its endpoint.json was copied from another folder, or left by a cloud that was killed. Start one with npm start -- --data ${data}.`,
      );
    }
    return {
      table: found.table,
      region: found.region,
      endpoint: found.awsUrl,
      credentials: found.credentials,
    };
  }
  const where = region === undefined ? {} : { region };
  if (table !== undefined) return { table, ...where };
  const outputs = await readJson(env["WHARF_OUTPUTS"] ?? "cdk-outputs.json", outputsFile);
  const names = Object.values(outputs ?? {}).flatMap((stack) =>
    stack["TableName"] === undefined ? [] : [stack["TableName"]],
  );
  const [name, ...others] = names;
  if (name === undefined) {
    throw new Error(
      "No cdk-outputs.json with a table: deploy first, say --table NAME, or --local for the local cloud.",
    );
  }
  if (others.length > 0)
    throw new Error(
      `cdk-outputs.json has ${names.length} tables; say which with --table: ${names.join(", ")}`,
    );
  return { table: name, ...where };
}

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  return schema.parse(JSON.parse(text));
}
