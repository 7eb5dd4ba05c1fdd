import { join } from "node:path";
import * as z from "zod";
import { pythonTools } from "#test/support/registry-tools.ts";
import type { Part } from "../part.ts";
import { runTool } from "./run-tool.ts";
import { STAGES, writeTemplates } from "./templates.ts";

const VERSION = "1.58.0";

const findings = z.array(
  z.object({
    Rule: z.object({ Id: z.string() }),
    Message: z.string(),
    Location: z.object({ Path: z.array(z.union([z.string(), z.number()])).nullable() }),
  }),
);

const nothing = (stage: string) => `nothing is wrong with the templates of stage ${stage}`;

export const cfnLint: Part = {
  name: "cfn-lint",
  by: `cfn-lint ${VERSION}`,
  about: "both stages' templates by CloudFormation's schemas",
  checks: STAGES.map((stage) => ({ name: nothing(stage), behaviours: ["cloudformation.template"] })),
  async run(tell) {
    const command = join(pythonTools([`cfn-lint==${VERSION}`]), "cfn-lint");
    for (const stage of STAGES) {
      using templates = await writeTemplates(stage);
      const paths = templates.files.map(({ path }) => path);
      const found = findings.parse(JSON.parse(await runTool(command, ["--format", "json", ...paths])));
      const detail = found
        .map(({ Rule, Message, Location }) => `${Rule.Id} ${Location.Path?.join("/") ?? ""}: ${Message}`)
        .join("; ");
      tell(nothing(stage), found.length === 0 ? { outcome: "passed" } : { outcome: "failed", detail });
    }
  },
};
