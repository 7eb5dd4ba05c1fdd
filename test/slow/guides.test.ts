/** Every block of the guides, in order, as pasted into a fresh shell in the project's folder while `npm start` runs. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { directEnv } from "#test/support/direct-env.ts";
import { type Block, blocksOf, pages } from "#test/support/guide-blocks.ts";

const run = promisify(execFile);

let folder: string;
let cloud: ReturnType<typeof spawn>;
beforeAll(async () => {
  // The project's folder, but for where the cloud keeps its state and what the guides write.
  folder = mkdtempSync(join(tmpdir(), "wharf-guides-"));
  for (const name of readdirSync(".").filter(
    (entry) => ![".wharf", ".git", "hello.txt", "agent.mjs"].includes(entry),
  ))
    symlinkSync(resolve(name), join(folder, name));
  cloud = spawn(process.execPath, [resolve("start/main.ts"), "--port", "0"], {
    cwd: folder,
    env: directEnv,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  await new Promise<void>((ready, failed) => {
    cloud.stdout?.on("data", (text) => {
      printed += text;
      if (/Stop: Ctrl-C/.test(printed)) ready();
    });
    cloud.once("close", () => failed(new Error(`the cloud ended: ${printed}`)));
  });
}, 120_000);
afterAll(async () => {
  const closed = once(cloud, "close");
  cloud.kill("SIGTERM");
  await closed;
  rmSync(folder, { recursive: true, force: true });
});

/** Runs commands as one shell, and answers what it printed. */
async function paste(code: string): Promise<string> {
  // As at a prompt: a command that fails doesn't end the shell, so each block's last status is looked at.
  const { stdout, stderr } = await run("bash", ["-c", `exec 2>&1\n${code}`], {
    cwd: folder,
    env: { ...directEnv, PATH: process.env["PATH"] },
    timeout: 60_000,
  });
  return stdout + stderr;
}

describe.each(pages.filter(({ blocks }) => blocks.length > 0))("$page", ({ page, blocks }) => {
  const toRun = blocks.filter(({ language, why }) => language === "sh" && why === undefined);
  test.runIf(toRun.length > 0)("runs as pasted", { timeout: 120_000 }, async () => {
    const done = toRun.map(({ line, code }) => `${code}\nprintf '\\nblock ${line}: %s\\n' "$?"`);
    // A guide that takes an address and a token over from the quickstart says so; its own shell begins there.
    const before = page.endsWith("quickstart.md")
      ? []
      : blocksOf("docs/quickstart.md")
          .filter(isSetUp)
          .map(({ code }) => code);
    const printed = await paste([...before, ...done].join("\n"));
    const states = [...printed.matchAll(/^block (\d+): (\d+)$/gm)].map(([text]) => text);
    expect([printed, states]).toEqual([printed, toRun.map(({ line }) => `block ${line}: 0`)]);
    expect(printed).not.toMatch(/urn:wharf:problem|"error"|Traceback|command not found/);
  });
});

/** What other guides build upon: the address, the client, and a token. */
const isSetUp = ({ language, code }: Block) =>
  language === "sh" && /print-env|run --silent env|^TOKEN=/m.test(code);
