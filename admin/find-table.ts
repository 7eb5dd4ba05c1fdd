import { readFile } from "node:fs/promises";
import { z } from "zod";
import { findRunning } from "#start/endpoint-file.ts";

/** Where the table is, and what a DynamoDB client needs to reach it. */
export interface TableLocation {
  table: string;
  region?: string;
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
}

/** Written by `cdk deploy --outputs-file`: outputs by stack. */
const outputsFile = z.record(z.string(), z.record(z.string(), z.string()));

/** Finds the table by what the administrator said. @throws Error saying what to do. */
export async function findTable(
  { table, region, local, data }: { table?: string; region?: string; local: boolean; data: string },
  env: Record<string, string | undefined>,
): Promise<TableLocation> {
  if (local) {
    const found = findRunning(data);
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
