/** What the app makes of its settings: the templates of its stacks. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Context } from "#lib/context-settings.ts";
import { type Place, run } from "./cdk.ts";

export interface StackTemplate {
  /** The stack's name. */
  readonly stack: string;
  readonly template: Template;
}

const template = z.looseObject({ Resources: z.record(z.string(), z.looseObject({ Type: z.string() })) });
type Template = z.infer<typeof template>;

const SUFFIX = ".template.json";

/**
 * Synthesizes the app into a folder that is removed after `use`.
 *
 * @throws Error with the app's own words where it can't be.
 */
export async function withAssembly<T>(
  { root, env }: Place,
  context: Context,
  use: (folder: string, stacks: StackTemplate[]) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "wharf-dry-run-"));
  try {
    // As the CDK's command line would, without asking AWS for the account.
    const told = { CDK_OUTDIR: folder, CDK_CONTEXT_JSON: JSON.stringify(context) };
    const { code, printed } = await run({ root, env: { ...env, ...told } }, ["bin/app.ts"], { shown: false });
    if (code !== 0) throw new Error(`the app can't be synthesized:\n${printed}`);
    return await use(folder, stacksIn(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function stacksIn(folder: string): StackTemplate[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(SUFFIX))
    .sort()
    .map((name) => ({
      stack: name.slice(0, -SUFFIX.length),
      template: template.parse(JSON.parse(readFileSync(join(folder, name), "utf8"))),
    }));
}
