/**
 * `npm run test:clients`: clients that are generated from the served `/openapi.json` upload and read back.
 *
 * openapi-typescript (with openapi-fetch) and openapi-python-client come from npm and PyPI; each is skipped by name
 * where it can't be had.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { npmTools, pythonTools, Unavailable } from "#test/support/registry-tools.ts";
import { type Story, startStory } from "#test/support/story.ts";

const PACKAGES = [
  "openapi-typescript@7.13.0",
  "openapi-fetch@0.17.0",
  "typescript@5.9.3",
  "@types/node@24.10.1",
];
const REQUIREMENTS = ["openapi-python-client==0.29.1"];
const HERE = fileURLToPath(new URL(".", import.meta.url));
/** What both clients print: the form's file and the session's. */
const SENT = "form.bin 100000\nparts.bin 6000000\n";
/** Names that a generator makes up of where a schema without one stands. A list in a query can have none. */
const MADE_UP = /_type_\d|_response_?\d|_item/;
const NAMELESS = ["list_events_type_item.py"];

const run = promisify(execFile);
const output = async (command: string, args: string[], cwd: string) =>
  (await run(command, args, { cwd, timeout: 300_000 })).stdout;

async function typescript(folder: string, argv: string[]): Promise<void> {
  for (const file of globSync(join(HERE, "typescript/*"))) copyFileSync(file, join(folder, basename(file)));
  await output(process.execPath, ["generate.mjs", "openapi.json", "schema.d.ts"], folder);
  const strict = [
    "--strict",
    "--exactOptionalPropertyTypes",
    "--skipLibCheck",
    "--allowImportingTsExtensions",
  ];
  const modern = ["--noEmit", "--module", "nodenext", "--target", "esnext"];
  await output(
    process.execPath,
    ["../node_modules/typescript/bin/tsc", ...strict, ...modern, "upload.ts"],
    folder,
  );
  assert.equal(await output(process.execPath, ["upload.ts", ...argv], folder), SENT);
}

async function python(commands: string, folder: string, argv: string[]): Promise<void> {
  // Nobody reads the code: it needs no formatting.
  writeFileSync(join(folder, "config.yml"), "post_hooks: []\n");
  const document = ["--path", "openapi.json", "--meta", "none", "--config", "config.yml"];
  const generate = ["generate", ...document, "--output-path", "wharf_client", "--fail-on-warning"];
  // Any warning: it leaves out what it can't make sense of.
  const said = await output(join(commands, "openapi-python-client"), generate, folder);
  const models = globSync("*.py", { cwd: join(folder, "wharf_client/models") });
  assert(models.length > 50, said);
  assert.deepEqual(
    models.filter((name) => MADE_UP.test(name)),
    NAMELESS,
  );
  copyFileSync(join(HERE, "upload.py"), join(folder, "upload.py"));
  assert.equal(await output(join(commands, "python"), ["upload.py", ...argv], folder), SENT);
}

/** Runs `use` in a folder of its own that holds the served document. */
async function inFolder(parent: string, document: string, use: (folder: string) => Promise<void>) {
  const folder = mkdtempSync(join(parent, "run-"));
  try {
    writeFileSync(join(folder, "openapi.json"), document);
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function attempt(name: string, check: () => Promise<void>): Promise<void> {
  const from = performance.now();
  try {
    await check();
    process.stdout.write(
      `${name}: uploads and reads back (${((performance.now() - from) / 1_000).toFixed(1)} s)\n`,
    );
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    process.stdout.write(`skipped: a client by ${name}, since ${error.message}\n`);
  }
}

async function all({ origin, api, clientId, clientSecret }: Story): Promise<void> {
  const document = await (await api("/openapi.json", { token: null })).text();
  const argv = [origin, clientId, clientSecret];
  await attempt(PACKAGES.slice(0, 2).join(" and "), async () => {
    await inFolder(npmTools(PACKAGES), document, (folder) => typescript(folder, argv));
  });
  await attempt(REQUIREMENTS.join(), async () => {
    const commands = pythonTools(REQUIREMENTS);
    await inFolder(join(commands, ".."), document, (folder) => python(commands, folder, argv));
  });
}

const story = await startStory();
try {
  await all(story);
} finally {
  await story.stop();
}
