/**
 * AWS Control Tower's proactive controls, as rules of cfn-guard. The package of `@cdklabs` ships them with the program
 * for Linux and macOS; the AWS Guard Rules Registry is in no package registry.
 */
import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { npmTools, Unavailable } from "#test/support/registry-tools.ts";
import type { Part } from "../part.ts";
import { compare, type Finding } from "./compare.ts";
import { runTool } from "./run-tool.ts";
import { STAGES, type TemplateFile, writeTemplates } from "./templates.ts";

const VERSION = "0.0.62";
const CPUS: Record<string, string> = { x64: "x86_64", arm64: "aarch64" };
const SYSTEMS: Record<string, string> = { linux: "ubuntu", darwin: "macos" };

const reports = z.array(
  z.object({
    compliant: z.array(z.string()),
    not_compliant: z.array(z.object({ Rule: z.looseObject({ name: z.string() }) })),
  }),
);

const accepted = (stage: string) =>
  `nothing is found in stage ${stage} but what lib/accept-findings.ts accepts`;

export const cfnGuard: Part = {
  name: "cfn-guard",
  by: `cfn-guard of cdk-validator-cfnguard ${VERSION}`,
  about: "both stages' templates by AWS Control Tower's controls",
  checks: STAGES.map((stage) => ({ name: accepted(stage), behaviours: [] })),
  async run(tell) {
    const { command, rules } = tools();
    for (const stage of STAGES) {
      using templates = await writeTemplates(stage);
      const found: Finding[] = [];
      for (const { path } of templates.files) {
        const options = ["--show-summary", "none", "--output-format", "json", "--structured"];
        const printed = await runTool(command, ["validate", "--data", path, "--rules", rules, ...options]);
        for (const { not_compliant } of reports.parse(JSON.parse(printed)))
          found.push(...not_compliant.flatMap(({ Rule }) => findingsOf(Rule)));
      }
      tell(accepted(stage), compare(found, templates.files.flatMap(acceptances)));
    }
  },
};

function tools(): { command: string; rules: string } {
  const [system, cpu] = [SYSTEMS[process.platform], CPUS[process.arch]];
  if (!system || !cpu) throw new Unavailable(`there is no cfn-guard for ${process.platform} ${process.arch}`);
  const modules = npmTools([`@cdklabs/cdk-validator-cfnguard@${VERSION}`]);
  const home = join(modules, "node_modules", "@cdklabs", "cdk-validator-cfnguard");
  const command = join(home, "bin", system, cpu, "cfn-guard");
  if (!existsSync(command)) throw new Unavailable(`the package has no cfn-guard for ${system} ${cpu}`);
  chmodSync(command, 0o755);
  return { command, rules: join(home, "rules", "control-tower", "cfn-guard") };
}

/** A rule's report is a tree of clauses, each with the path of what it looked at. */
function findingsOf({ name, ...tree }: { name: string }): Finding[] {
  const ids = JSON.stringify(tree).matchAll(/"\/Resources\/(\w+)\//g);
  return [...new Set([...ids].map(([, id = ""]) => id))].map((resource) => ({ check: name, resource }));
}

function acceptances({ resources }: TemplateFile): Finding[] {
  return Object.entries(resources).flatMap(([resource, { Metadata }]) =>
    (Metadata?.guard?.SuppressedRules ?? []).map((check) => ({ check, resource })),
  );
}
