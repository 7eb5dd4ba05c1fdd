/** Both stages' templates as files, for tools that read such. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";

export const STAGES = ["dev", "prod"] as const;
export type Stage = (typeof STAGES)[number];

const templates = z.object({
  Resources: z.record(
    z.string(),
    z.looseObject({
      Type: z.string(),
      Metadata: z
        .looseObject({
          checkov: z.object({ skip: z.array(z.object({ id: z.string(), comment: z.string() })) }).optional(),
          guard: z.object({ SuppressedRules: z.array(z.string()) }).optional(),
        })
        .optional(),
    }),
  ),
});
type Resources = z.output<typeof templates>["Resources"];

export interface TemplateFile {
  readonly path: string;
  readonly resources: Resources;
}

/** Synthesizes a stage into a folder that goes with it; functions have their sources as code. */
export async function writeTemplates(stage: Stage): Promise<{ files: TemplateFile[] } & Disposable> {
  // The CDK takes seconds to load, and who lists the parts has no use for it.
  const { Template } = await import("aws-cdk-lib/assertions");
  const { createApp } = await import("#test/lib/synth.ts");
  const folder = mkdtempSync(join(tmpdir(), "wharf-templates-"));
  const { data, service } = createApp(stage, {}, join(folder, "assembly"));
  const files = [data, service].map((stack) => {
    const template = Template.fromStack(stack).toJSON();
    const path = join(folder, `${stack.stackName}.template.json`);
    writeFileSync(path, JSON.stringify(template, null, 1));
    return { path, resources: templates.parse(template).Resources };
  });
  return {
    files,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
