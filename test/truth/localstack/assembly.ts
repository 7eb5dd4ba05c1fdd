/** The synthesized templates, as they are; of an edition that lacks a type of resource, without that type. */
import { readdirSync } from "node:fs";
import { type Cdk, CdkFailed } from "../cdk.ts";
import { deploy } from "./commands.ts";
import { editTemplate } from "./edit-template.ts";

/** LocalStack's words for a type that it has no provider for. */
const UNKNOWN =
  /No resource provider found for "([\w:]+)"|resource type "?([\w:]+)"? (?:is )?not supported/gi;
/** Types that may be lacking one after the other. */
const TRIES = 5;

/**
 * Deploys the assembly in `folder`.
 *
 * @returns types of resources that this LocalStack lacks and that were left out for it.
 */
export async function deployAll(cdk: Cdk, folder: string): Promise<string[]> {
  const missing: string[] = [];
  for (let tries = 1; ; tries++) {
    try {
      await cdk.run(deploy, "--app", folder);
      return missing;
    } catch (error) {
      if (!(error instanceof CdkFailed) || tries === TRIES) throw error;
      const types = [...error.message.matchAll(UNKNOWN)].map(([, first, second]) => first ?? second ?? "");
      const unknown = [...new Set(types)].filter((type) => !missing.includes(type));
      if (unknown.length === 0) throw error;
      missing.push(...unknown);
      for (const type of unknown) leaveOut(folder, type);
    }
  }
}

function leaveOut(folder: string, type: string): void {
  for (const name of readdirSync(folder).filter((each) => each.endsWith(".template.json"))) {
    editTemplate(folder, name.replace(".template.json", ""), (resources) =>
      Object.fromEntries(Object.entries(resources).filter(([, { Type }]) => Type !== type)),
    );
  }
}
