import { readFileSync } from "node:fs";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { sources } from "#lib/bundle.ts";
import { type StageConfig, stageConfig } from "#lib/config.ts";
import { DataStack } from "#lib/data-stack.ts";
import { ServiceStack } from "#lib/service-stack.ts";

export interface Resource {
  Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: CloudFormation's properties, looked into by assertions only
  Properties: any;
  DeletionPolicy?: string;
  DependsOn?: string | string[];
}

/**
 * The app as `cdk.json` configures it, without bundling: functions get their source folder as code.
 *
 * @param outdir where its assembly goes. @default a folder that the CDK leaves behind
 */
export function createApp(stage: string = "dev", overrides: Partial<StageConfig> = {}, outdir?: string) {
  const { context } = JSON.parse(readFileSync(new URL("../../cdk.json", import.meta.url), "utf8"));
  const app = new App({
    context: { ...context, bundles: sources },
    builtinCloudFormationValidation: false,
    ...(outdir !== undefined && { outdir }),
  });
  const config = { ...stageConfig(stage), ...overrides };
  const data = new DataStack(app, `wharf-${stage}-data`, { config });
  const service = new ServiceStack(app, `wharf-${stage}-service`, { config, data });
  return { app, data, service };
}

const made = new Map<string, ReturnType<typeof synthAnew>>();

/** Templates of a stage, made once for all test files of a process: they are looked into, never changed. */
export function synth(stage = "dev", overrides: Partial<StageConfig> = {}) {
  const key = JSON.stringify([stage, overrides]);
  const templates = made.get(key) ?? synthAnew(stage, overrides);
  made.set(key, templates);
  return templates;
}

export function synthAnew(stage?: string, overrides?: Partial<StageConfig>) {
  const { data, service } = createApp(stage, overrides);
  return { data: Template.fromStack(data), service: Template.fromStack(service) };
}

/** Resources of a type as [logical id, resource]. */
export function resources(template: Template, type: string): [string, Resource][] {
  return Object.entries(template.findResources(type)) as [string, Resource][];
}
