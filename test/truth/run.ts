/**
 * `npm run test:truth [-- PART …]`: Wharf on implementations of AWS that none of us wrote.
 *
 * Each part says what it needs and is skipped by name where the machine lacks it. At the end stands what was proved by
 * whom. `--list` names the parts; `--table` writes the table of docs/local-cloud.md. The exit code is 0 where nothing
 * failed.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Part } from "./part.ts";
import { parts } from "./parts.ts";
import { proofTable, withTable } from "./proofs.ts";
import { report } from "./report.ts";
import { type Ran, runPart } from "./run-part.ts";

const PAGE = new URL("../../docs/local-cloud.md", import.meta.url);

const { values, positionals } = parseArgs({
  options: { list: { type: "boolean" }, table: { type: "boolean" } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !parts.some((part) => part.name === name));
if (unknown.length > 0) {
  console.error(
    `There is no part ${unknown.join(", ")}; there are ${parts.map(({ name }) => name).join(", ")}.`,
  );
  process.exit(2);
}
if (values.list) for (const { name, by, about } of parts) console.log(`${name.padEnd(12)} ${by}: ${about}`);
else if (values.table) writeFileSync(PAGE, withTable(readFileSync(PAGE, "utf8"), proofTable(parts)));
else await run();

async function run(): Promise<void> {
  const chosen = positionals.length === 0 ? parts : parts.filter(({ name }) => positionals.includes(name));
  const [beside, others] = [chosen.filter((part) => part.beside), chosen.filter((part) => !part.beside)];
  const ran = await Promise.all([others, beside].map(inTurn));
  process.exitCode = report(ran.flat()) > 0 ? 1 : 0;
}

async function inTurn(some: readonly Part[]): Promise<Ran[]> {
  const ran: Ran[] = [];
  for (const part of some) ran.push(await runPart(part));
  return ran;
}
