/** The cases of our IAM's actions and resources, on moto's. Of conditions it knows few, and takes one that fails for a denial. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { policyCases } from "@wharf/local-cloud/test/conformance/policies.ts";
import * as z from "zod";
import { pythonTools } from "#test/support/registry-tools.ts";
import { MOTO, MOTO_REQUIREMENT } from "../moto/server.ts";
import type { Check, Part } from "../part.ts";
import { differencesOf } from "./differences.ts";

const REFERENCE = "https://docs.aws.amazon.com/IAM/latest/UserGuide";
const differences = differencesOf([
  {
    how: "tells actions apart by their case, and knows no question mark",
    documented: `${REFERENCE}/reference_policies_elements_action.html`,
    cases: ["actions ignore case", "a question mark"],
  },
  {
    how: "takes a resource for a regular expression, across the parts of an ARN",
    documented: `${REFERENCE}/reference_policies_elements_resource.html`,
    cases: ["a dot is a dot", "stars stay in their part of the ARN"],
  },
  {
    how: "knows no NotResource",
    documented: `${REFERENCE}/reference_policies_elements_notresource.html`,
    cases: ["NotResource leaves out"],
  },
  {
    how: "knows no variables",
    documented: `${REFERENCE}/reference_policies_variables.html`,
    cases: ["a variable takes the caller's value"],
  },
]);

const checks = policyCases.map(({ name }): Check => {
  const differs = differences.get(name);
  return { name, behaviours: ["iam.evaluation"], ...(differs && { differs }) };
});

export const iam: Part = {
  name: "iam",
  by: MOTO,
  about: "the cases of our IAM on moto's",
  checks,
  async run(tell) {
    const python = join(pythonTools([MOTO_REQUIREMENT]), "python");
    const script = fileURLToPath(new URL("policies.py", import.meta.url));
    const { status, stdout, stderr } = spawnSync(python, [script], {
      encoding: "utf8",
      input: JSON.stringify(policyCases),
    });
    if (status !== 0) throw new Error(stderr);
    const allowed = z.array(z.boolean()).parse(JSON.parse(stdout));
    for (const [index, { name, ...expected }] of policyCases.entries())
      tell(name, { outcome: allowed[index] === expected.allowed ? "passed" : "failed" });
  },
};
