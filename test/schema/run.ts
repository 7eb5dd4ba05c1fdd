/**
 * `npm run test:schema`: schemathesis against the local cloud, by what `/openapi.json` says, with all of its checks.
 *
 * `-- --seed N` repeats a run, whose seed is printed. Bounded by examples; the exit code is schemathesis's. Skipped by
 * name where there is no Python or no PyPI.
 */
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as z from "zod";
import { scopes } from "#contract/scopes.ts";
import { tokenAnswer } from "#core/accounts/contract.ts";
import { pythonTools, Unavailable } from "#test/support/registry-tools.ts";
import { type Story, startStory } from "#test/support/story.ts";

const REQUIREMENTS = ["schemathesis==4.32.5", "hypothesis==6.170.17"];
const HERE = fileURLToPath(new URL(".", import.meta.url));
/** Cases of each operation in one phase, at most. */
const EXAMPLES = 10;
/** It takes two minutes on two idle cores; after this it hangs. */
const LIMIT_MS = 600_000;
/** Things of each kind that generated requests may find. */
const EACH = 20;

const { values } = parseArgs({ options: { seed: { type: "string" }, examples: { type: "string" } } });
const seed = values.seed ?? String(randomInt(2 ** 31));
try {
  const commands = pythonTools(REQUIREMENTS);
  process.exitCode = await run(join(commands, "schemathesis"));
} catch (error) {
  if (!(error instanceof Unavailable)) throw error;
  process.stdout.write(`skipped: the schema's checks by schemathesis, since ${error.message}\n`);
}

async function run(schemathesis: string): Promise<number> {
  process.stdout.write(`seed ${seed}: repeat it with npm run test:schema -- --seed ${seed}\n`);
  // Where it leaves what it remembers of a run.
  const folder = mkdtempSync(join(tmpdir(), "wharf-schema-"));
  const story = await startStory({ scopes });
  try {
    const args = [
      ...[
        "--config-file",
        join(HERE, "schemathesis.toml"),
        "--no-color",
        "run",
        `${story.origin}/openapi.json`,
      ],
      ...["--header", `Authorization: Bearer ${await tokenOf(story)}`, "--workers", "1"],
      ...["--seed", seed, "--max-examples", values.examples ?? String(EXAMPLES), "--continue-on-failure"],
    ];
    const env = {
      ...process.env,
      ...{ PYTHONPATH: HERE, PYTHONDONTWRITEBYTECODE: "1", SCHEMATHESIS_HOOKS: "hooks" },
      WHARF_WORLD: JSON.stringify(await furnish(story)),
    };
    const child = spawn(schemathesis, args, { cwd: folder, env, stdio: ["ignore", "inherit", "inherit"] });
    const timer = setTimeout(() => {
      process.stdout.write(`ended after ${LIMIT_MS / 1_000} s\n`);
      child.kill();
    }, LIMIT_MS);
    const [code] = z
      .tuple([z.number().nullable()])
      .rest(z.unknown())
      .parse(await once(child, "exit"));
    clearTimeout(timer);
    return code ?? 1;
  } finally {
    await story.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function tokenOf({ api, clientId, clientSecret }: Story): Promise<string> {
  const json = { client_id: clientId, client_secret: clientSecret };
  return tokenAnswer.parse(await (await api("/v1/auth/token", { json, token: null })).json()).access_token;
}

/** Makes what requests can be about, and says what it made: ids by the collection in the path. */
async function furnish(story: Story) {
  const receiver = await story.receiver();
  const made = z.looseObject({
    file_id: z.string().optional(),
    version_id: z.string().optional(),
    upload_id: z.string().optional(),
    share_id: z.string().nullish(),
    share_url: z.string().nullish(),
    webhook_id: z.string().optional(),
    folder_id: z.string().optional(),
    organization_id: z.string().optional(),
    client_id: z.string().optional(),
    group_id: z.string().optional(),
    grant_id: z.string().optional(),
    key_id: z.string().optional(),
    workspace_id: z.string().optional(),
  });
  const files: z.infer<typeof made>[] = [];
  const others: z.infer<typeof made>[] = [];
  const doomed: z.infer<typeof made>[] = [];
  for (let n = 0; n < EACH; n++) {
    const content = new TextEncoder().encode(`file ${n}`);
    files.push(made.parse(await story.upload(content, { filename: `reports/${n}.txt` })));
    const started = await story.json(made, "/v1/uploads", { json: { filename: `open/${n}.txt` } });
    const hook = { url: receiver.url, events: ["upload_completed"] };
    others.push(started, await story.json(made, "/v1/webhooks", { json: hook }));
    const client = await story.json(made, "/v1/clients", {
      json: { name: `client ${n}`, scopes: ["files:read"] },
    });
    const group = await story.json(made, "/v1/groups", { json: { name: `group ${n}` } });
    const principal_id = client.client_id;
    const grant = { json: { principal_id, role: "viewer" } };
    const granted = await story.json(made, `/v1/workspaces/${story.workspaceId}/grants`, grant);
    const expires_at = new Date(story.cloud.clock.now() + 86_400_000).toISOString();
    const key = { name: `key ${n}`, scopes: ["files:read"], expires_at };
    doomed.push(await story.json(made, "/v1/workspaces", { json: { name: `doomed-${n}` } }));
    others.push(client, group, granted, await story.json(made, "/v1/keys", { json: key }));
  }
  const all = (list: typeof files, key: keyof z.infer<typeof made>) =>
    list.map((one) => one[key]).filter((value) => typeof value === "string");
  return {
    receiver: receiver.url,
    client: { client_id: story.clientId, client_secret: story.clientSecret },
    doomed: all(doomed, "workspace_id"),
    ids: {
      files: all(files, "file_id"),
      versions: all(files, "version_id"),
      shares: all(files, "share_id"),
      uploads: all(others, "upload_id"),
      webhooks: all(others, "webhook_id"),
      s: all(files, "share_url").map((url) => url.split("/s/")[1]),
      workspaces: [story.workspaceId],
      folders: all(files, "folder_id"),
      orgs: [...new Set(all(others, "organization_id"))],
      clients: all(others, "client_id"),
      groups: all(others, "group_id"),
      grants: all(others, "grant_id"),
      keys: all(others, "key_id"),
    },
  };
}
