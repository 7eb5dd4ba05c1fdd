/** Reads a cloud assembly: its stacks in the order of their dependencies, with their assets. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

export const resourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: z.union([z.string(), z.array(z.string())]).optional(),
  Condition: z.string().optional(),
});

const templateSchema = z.object({
  Parameters: z
    .record(z.string(), z.object({ Type: z.string(), Default: z.unknown().optional() }))
    .default({}),
  Mappings: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))).default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Resources: z.record(z.string(), resourceSchema),
  Outputs: z
    .record(
      z.string(),
      z.object({
        Value: z.unknown(),
        Condition: z.string().optional(),
        Export: z.object({ Name: z.unknown() }).optional(),
      }),
    )
    .default({}),
});

export type Template = z.infer<typeof templateSchema>;
export type ResourceTemplate = z.infer<typeof resourceSchema>;

export interface Stack {
  name: string;
  template: Template;
  /** Directory or file of each asset, by the S3 key that the template names. */
  assets: Map<string, string>;
}

const manifestSchema = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      dependencies: z.array(z.string()).default([]),
      properties: z
        .object({
          templateFile: z.string().optional(),
          stackName: z.string().optional(),
          directoryName: z.string().optional(),
          file: z.string().optional(),
        })
        .optional(),
    }),
  ),
});

const assetsSchema = z.object({
  files: z
    .record(
      z.string(),
      z.object({
        source: z.object({ path: z.string().optional() }),
        destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
      }),
    )
    .default({}),
});

/** Every stack of the assembly in `dir`, each after the ones that it depends on. */
export function readStacks(dir: string): Stack[] {
  if (!existsSync(join(dir, "manifest.json"))) {
    throw new Error(`${dir} is no cloud assembly: it has no manifest.json; run cdk synth`);
  }
  const { artifacts } = manifestSchema.parse(readJson(dir, "manifest.json"));
  const assets = new Map<string, string>();
  for (const { type, properties } of Object.values(artifacts)) {
    if (type !== "cdk:asset-manifest" || properties?.file === undefined) continue;
    for (const { source, destinations } of Object.values(
      assetsSchema.parse(readJson(dir, properties.file)).files,
    )) {
      if (source.path === undefined) continue;
      for (const { objectKey } of Object.values(destinations)) assets.set(objectKey, join(dir, source.path));
    }
  }
  const stacks: Stack[] = [];
  const seen = new Set<string>();
  function visit(id: string) {
    const artifact = artifacts[id];
    if (!artifact || seen.has(id)) return;
    seen.add(id);
    artifact.dependencies.forEach(visit);
    const { templateFile, stackName, directoryName } = artifact.properties ?? {};
    if (artifact.type === "aws:cloudformation:stack" && templateFile !== undefined) {
      stacks.push({
        name: stackName ?? id,
        template: templateSchema.parse(readJson(dir, templateFile)),
        assets,
      });
    }
    // An app with CDK stages nests one assembly for each.
    if (artifact.type === "cdk:cloud-assembly" && directoryName !== undefined) {
      stacks.push(...readStacks(join(dir, directoryName)));
    }
  }
  Object.keys(artifacts).forEach(visit);
  return stacks;
}

function readJson(dir: string, file: string): unknown {
  return JSON.parse(readFileSync(join(dir, file), "utf8"));
}
