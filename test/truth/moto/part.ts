/**
 * Both stages' templates through moto's CloudFormation, and what exists then beside what they say.
 *
 * moto runs neither functions nor API here: that is LocalStack's part.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cdk, createCdk } from "../cdk.ts";
import { bootstrap, deploy } from "../localstack/commands.ts";
import type { Check, Outcome, Part, Tell } from "../part.ts";
import { untilSignal } from "../until-signal.ts";
import { differences } from "./difference.ts";
import { type Expected, expectedResources } from "./expected.ts";
import { connect, type Live, readers } from "./live.ts";
import { MOTO, startMoto } from "./server.ts";
import { unkept, unmade } from "./unkept.ts";

const STAGES = ["dev", "prod"] as const;

const whole = (stage: string) => `stage ${stage} deploys, and every resource is there`;
const ofType = (stage: string, type: string) => `stage ${stage}: each ${type} is as the template says`;

const checks: Check[] = STAGES.flatMap((stage) => [
  { name: whole(stage), behaviours: ["cloudformation.deploy"] },
  ...Object.keys(readers).map(
    (type): Check => ({ name: ofType(stage, type), behaviours: ["cloudformation.deploy"] }),
  ),
]);

export const moto: Part = {
  name: "moto",
  by: MOTO,
  about: "the templates through moto's CloudFormation, then what exists beside what they say",
  checks,
  run: (tell) =>
    untilSignal(async (signal) => {
      const folder = mkdtempSync(join(tmpdir(), "wharf-moto-"));
      try {
        await using server = await startMoto();
        using live = connect(server.endpoint);
        const cdk = createCdk(server.endpoint, folder, signal);
        await cdk.run(bootstrap);
        for (const stage of STAGES) await runStage({ cdk, live, assembly: join(folder, stage), stage, tell });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }),
};

interface Run {
  cdk: Cdk;
  live: Live;
  assembly: string;
  stage: string;
  tell: Tell;
}

async function runStage({ cdk, live, assembly, stage, tell }: Run): Promise<void> {
  const context = ["--context", `stage=${stage}`, "--context", "settings=none"];
  // moto makes stacks at once; its change sets lack what CDK asks of them.
  await cdk.run(deploy, ...context, "--no-validation", "--output", assembly, "--method", "direct");
  const expected = await expectedResources(live, assembly);
  tell(whole(stage), wholeness(expected));
  for (const [type, read] of Object.entries(readers)) {
    const own = expected.filter((one) => one.type === type);
    tell(ofType(stage, type), await compare(live, own, read));
  }
}

/** Every type is compared, or known to be none of moto's. */
function wholeness(expected: readonly Expected[]): Outcome {
  const types = [...new Set(expected.map(({ type }) => type))];
  const strange = types.filter((type) => !unmade.includes(type) && !Object.hasOwn(readers, type));
  if (strange.length > 0) return { outcome: "failed", detail: `nothing compares ${strange.join(", ")}` };
  const compared = expected.filter(({ type }) => !unmade.includes(type)).length;
  const left = expected.length - compared;
  return { outcome: "passed", detail: `${compared} resources; ${left} of types that moto doesn't make` };
}

async function compare(
  live: Live,
  own: readonly Expected[],
  read: (live: Live, one: Expected) => Promise<Record<string, unknown>>,
): Promise<Outcome> {
  const found: { id: string; difference: string }[] = [];
  for (const one of own) {
    const seen = await read(live, one).catch((error: unknown) => String(error));
    const all = typeof seen === "string" ? [`: ${seen}`] : differences(one.properties, seen);
    found.push(...all.map((difference) => ({ id: one.logicalId, difference })));
  }
  const known = unkept[own[0]?.type ?? ""] ?? [];
  const of = (path: string) =>
    found.filter(({ difference }) => new RegExp(`^\\.${path}\\b`).test(difference));
  const kept = known.filter((path) => of(path).length === 0);
  const expected = new Set(known.flatMap(of));
  const wrong = [
    ...(own.length === 0 ? ["the template has no such resource"] : []),
    ...kept.map((path) => `${path} is kept by now, and can be compared`),
    ...found.filter((one) => !expected.has(one)).map(({ id, difference }) => `${id}${difference}`),
  ];
  if (wrong.length > 0) return { outcome: "failed", detail: wrong.join("; ") };
  return {
    outcome: "passed",
    detail: `${own.length}${known.length > 0 ? `; not kept: ${known.join(", ")}` : ""}`,
  };
}
