/** What comes after a deployment: another one, faults in a template, the service's end, and stage prod. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { bytesOf } from "#test/aws-account/send-part.ts";
import type { Cdk } from "../cdk.ts";
import type { Check } from "../part.ts";
import { deployAll } from "./assembly.ts";
import { deploy, destroy, noSettings } from "./commands.ts";
import { editTemplate } from "./edit-template.ts";
import { fromAwsAccount } from "./from-aws-account.ts";
import { dropMapping, widenFilter } from "./mutate.ts";
import { sameBytes } from "./same-bytes.ts";
import { everywhere } from "./server.ts";
import { filtered } from "./stories/sources.ts";
import type { Story, World } from "./story.ts";

export interface Life {
  cdk: Cdk;
  /** Holds the folder `assembly`. */
  folder: string;
  /** Runs `use` on what is deployed now. */
  within<T>(stage: string, use: (world: World) => Promise<T>): Promise<T>;
}

export interface Step extends Check {
  /** It removes or replaces what is deployed: not on a LocalStack that somebody else started. */
  readonly isRough: boolean;
  run(life: Life): Promise<string | undefined>;
}

const SERVICE = "wharf-dev-service";
const EXAMPLES = join(import.meta.dirname, "../../../examples/localstack");
const assemblyOf = ({ folder }: Life) => join(folder, "assembly");
const bytes = bytesOf(5_000);

const composed = z.object({
  services: z.object({
    localstack: z.object({ environment: z.record(z.string(), z.string()), volumes: z.array(z.string()) }),
  }),
});
const job = z.object({ jobs: z.object({ test: z.object({ steps: z.array(z.looseObject({})) }) }) });

/** PyYAML came with LocalStack. */
const files: Step = {
  name: "the compose file has this run's settings, and the CI job is one",
  behaviours: [],
  isRough: true,
  async run({ within }) {
    const read = (name: string) =>
      within("dev", async ({ python }) => {
        const code =
          "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1])), default=str))";
        const path = join(EXAMPLES, name);
        return JSON.parse((await promisify(execFile)(python, ["-c", code, path])).stdout);
      });
    const { environment, volumes } = composed.parse(await read("docker-compose.yml")).services.localstack;
    assert.deepEqual({ ...environment, ...everywhere }, environment);
    assert.equal(environment["LOCALSTACK_HOST"], `${environment["HOSTNAME_FROM_LAMBDA"]}:4566`);
    for (const volume of volumes.filter((each) => each.startsWith("./")))
      assert(existsSync(join(EXAMPLES, volume.split(":")[0] ?? "")), volume);
    job.parse(await read("ci.yml"));
    return undefined;
  },
};

const admin: Step = {
  name: "npm run admin makes a client there, who gets a token",
  behaviours: [],
  isRough: false,
  async run({ cdk, within }) {
    const args = ["bin/admin.ts", "create-client", "--name", "ci", "--scopes", "files:read"];
    const env = { ...cdk.env, WHARF_OUTPUTS: cdk.outputs };
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    const [client_id] = /cli_\w+/.exec(stdout) ?? [];
    const [client_secret] = /whs_[\w-]+/.exec(stdout) ?? [];
    await within("dev", async ({ api }) => {
      const json = { client_id, client_secret };
      assert.equal((await api.api("/v1/auth/token", { json, token: null })).status, 200);
    });
    return undefined;
  },
};

const again: Step = {
  name: "a second deployment finds nothing to change",
  behaviours: ["cloudformation.deploy"],
  isRough: false,
  async run(life) {
    const said = await life.cdk.run(deploy, "--app", assemblyOf(life));
    assert.equal(said.match(/\(no changes\)/g)?.length, 2, said);
    return undefined;
  },
};

const kept: Step = {
  name: "the service stack is removed and deployed again: files stay, clients go on",
  behaviours: ["cloudformation.deploy"],
  isRough: true,
  async run(life) {
    const app = ["--app", assemblyOf(life)];
    const { client, url, origin } = await life.within("dev", async (world) => {
      const { file_id } = await world.api.upload(bytes, { filename: "kept.bin" });
      return { client: world.api, url: `/v1/files/${file_id}/content`, origin: world.origin };
    });
    await life.cdk.run(destroy, SERVICE, ...app);
    assert.equal((await fetch(`${origin}/healthz`)).status, 404);
    await deployAll(life.cdk, assemblyOf(life));
    await life.within("dev", async ({ origin, api }) => {
      const headers = { Authorization: `Bearer ${await client.token()}` };
      const answer = await fetch(origin + url, { headers, redirect: "manual" });
      await sameBytes(answer.headers.get("location") ?? "", bytes);
      await api.upload(bytes, { filename: "new.bin" });
    });
    return undefined;
  },
};

/** One deployment for all mutants: the service's, in place of the right one. */
const mutants: Step = {
  name: "a wrong filter pattern and a missing mapping template don't get by",
  behaviours: [],
  isRough: true,
  async run(life) {
    const wrong = join(life.folder, "mutants");
    cpSync(assemblyOf(life), wrong, { recursive: true });
    editTemplate(wrong, SERVICE, (resources) => dropMapping(widenFilter(resources)));
    await life.cdk.run(destroy, SERVICE, "--app", assemblyOf(life));
    await life.cdk.run(deploy, "--app", wrong);
    try {
      return await life.within("dev", async (world) => {
        const octets = fromAwsAccount.find(({ name }) => name === "307 on the chunk route");
        return [await mustFail(filtered, world), await mustFail(octets, world)].join("; ");
      });
    } finally {
      await life.cdk.run(destroy, SERVICE, "--app", wrong);
      await deployAll(life.cdk, assemblyOf(life));
    }
  },
};

/** @throws AssertionError where a story that ought to notice doesn't. */
async function mustFail(story: Story | undefined, world: World): Promise<string> {
  assert(story);
  try {
    await story.run(world);
  } catch (error) {
    return `${story.name}: ${error instanceof Error ? error.message.split("\n")[0] : error}`;
  }
  throw new Error(`"${story.name}" passes all the same`);
}

const prod: Step = {
  name: "stage prod deploys beside dev, and takes an upload",
  behaviours: ["cloudformation.deploy", "cloudformation.template"],
  isRough: true,
  async run(life) {
    const app = join(life.folder, "prod");
    await life.cdk.run(["cdk", "synth", "--quiet"], ...noSettings, "-c", "stage=prod", "--output", app);
    const missing = await deployAll(life.cdk, app);
    await life.within("prod", async ({ api }) => {
      const { file_id } = await api.upload(bytes, { filename: "prod.bin" });
      const { headers } = await api.api(`/v1/files/${file_id}/content`);
      await sameBytes(headers.get("location") ?? "", bytes);
    });
    return missing.length > 0 ? `without ${missing.join(", ")}` : undefined;
  },
};

export const lifecycle: readonly Step[] = [files, admin, again, mutants, kept, prod];
