import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { pythonTools } from "#test/support/registry-tools.ts";
import type { Part } from "../part.ts";
import { compare } from "./compare.ts";
import { runTool } from "./run-tool.ts";
import { STAGES, type TemplateFile, writeTemplates } from "./templates.ts";

const VERSION = "3.3.30";

const report = z.object({
  results: z.object({
    // `AWS::SQS::Queue.LogicalId`
    failed_checks: z.array(z.object({ check_id: z.string(), resource: z.string() })),
  }),
  summary: z.object({ parsing_errors: z.literal(0) }),
});

const accepted = (stage: string) =>
  `nothing is found in stage ${stage} but what lib/accept-findings.ts accepts`;

export const checkov: Part = {
  name: "checkov",
  by: `checkov ${VERSION}`,
  about: "both stages' templates by its policies",
  checks: STAGES.map((stage) => ({ name: accepted(stage), behaviours: [] })),
  async run(tell) {
    const command = join(pythonTools([`checkov==${VERSION}`]), "checkov");
    for (const stage of STAGES) {
      using templates = await writeTemplates(stage);
      templates.files.forEach(forgetAcceptances);
      const files = templates.files.flatMap(({ path }) => ["--file", path]);
      // Without the last it asks its maker's service for descriptions.
      const options = ["--framework", "cloudformation", "--output", "json", "--quiet", "--skip-download"];
      const { results } = report.parse(JSON.parse(await runTool(command, [...options, ...files])));
      tell(
        accepted(stage),
        compare(
          results.failed_checks.map(({ check_id, resource }) => ({
            check: check_id,
            resource: resource.slice(resource.indexOf(".") + 1),
          })),
          templates.files.flatMap(acceptances),
        ),
      );
    }
  },
};

/** It would skip them unseen, and so those that are no longer needed. */
function forgetAcceptances({ path, resources }: TemplateFile): void {
  const Resources = Object.fromEntries(
    Object.entries(resources).map(([id, { Metadata: _, ...resource }]) => [id, resource]),
  );
  writeFileSync(path, JSON.stringify({ Resources }, null, 1));
}

function acceptances({ resources }: TemplateFile) {
  return Object.entries(resources).flatMap(([resource, { Metadata }]) =>
    (Metadata?.checkov?.skip ?? []).map(({ id }) => ({ check: id, resource })),
  );
}
