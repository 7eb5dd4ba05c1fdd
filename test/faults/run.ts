/**
 * `npm run test:faults [-- domain …] [--seed N] [--sample N] [--only TEXT] [--kinds KIND,…] [--workers N]`: every verb and
 * consumer, in each of its situations, with each AWS call that it makes going wrong in each way.
 *
 * `--sample N` plays N cases of N situations that the seed chooses; `--only` those whose name holds the text; `--kinds`
 * those in which this goes wrong; `--list` plays none and says their names.
 */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as z from "zod";
import { incomplete, type Reached } from "./completeness.ts";
import { baselines, breaksDown, casesOf, judge } from "./judge.ts";
import { isOpen, open } from "./open.ts";
import { shuffled } from "./random.ts";
import { domains } from "./situations/all.ts";
import { isKind, kinds, printTable, type Row } from "./table.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    sample: { type: "string", default: "0" },
    only: { type: "string", default: "" },
    kinds: { type: "string", default: kinds.join() },
    list: { type: "boolean", default: false },
    /** One more than CI's two cores: each waits a fifth of the time. */
    workers: { type: "string", default: "3" },
    worker: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);
const sample = Number(values.sample);
const wanted = values.kinds.split(",");
const strangers = wanted.filter((kind) => !isKind(kind));
if (strangers.length > 0)
  throw new Error(`Nothing goes wrong as ${strangers.join(", ")}; there are ${kinds.join(", ")}.`);

const job = z.object({ domain: z.string(), situation: z.string() });
type Job = z.infer<typeof job>;

interface Report {
  row: Row;
  red: { name: string; faults: string[] }[];
  names: string[];
  reached: Reached;
}

if (values.worker) {
  process.on("message", (message) => {
    playAll(job.parse(message)).then(
      (report) => process.send?.(report),
      (error: unknown) => process.send?.({ broken: error instanceof Error ? error.stack : String(error) }),
    );
  });
} else {
  process.exitCode = (await main()) ? 0 : 1;
}

async function playAll({ domain, situation: name }: Job): Promise<Report> {
  const situation = domains[domain]?.find((one) => one.name === name);
  if (situation === undefined) throw new Error(`${domain} has no situation ${name}`);
  const base = baselines(situation);
  const plain = await base.plain();
  const all = casesOf(situation, plain).filter(
    ({ name, wrong }) => name.includes(values.only) && wanted.includes(wrong.kind),
  );
  const chosen = sample === 0 ? all : shuffled(all, seed).slice(0, sample);
  const cases = values.list ? [] : chosen;
  const row: Row = { domain, situation: name, calls: plain.calls.length, kinds: {}, unmet: 0, red: 0 };
  const report: Report = {
    row,
    red: [],
    names: values.list ? all.map(({ name }) => name) : [],
    reached: { sites: [], under: [] },
  };
  const told = (name: string, faults: string[]) => {
    if (faults.length > 0) report.red.push({ name, faults });
  };
  told(`${name} | nothing wrong`, [...breaksDown(plain), ...plain.violations]);
  const met = new Set<string>();
  for (const one of cases) {
    const verdict = await judge(one, base);
    report.names.push(one.name);
    row.kinds[verdict.kind] = (row.kinds[verdict.kind] ?? 0) + 1;
    told(
      one.name,
      verdict.faults.length > 0 && one.at ? [`at ${one.at}`, ...verdict.faults] : verdict.faults,
    );
    // What is called, and how often, may follow from ids and from how long something takes.
    if (!verdict.met) row.unmet += 1;
    if (verdict.met && one.hit !== undefined) met.add(one.hit.label);
  }
  row.red = report.red.length;
  report.reached = {
    sites: [
      ...new Set(plain.calls.filter(({ label, writes }) => writes && met.has(label)).map(({ site }) => site)),
    ],
    under: [...new Set(plain.calls.flatMap(({ under }) => under))],
  };
  return report;
}

async function main(): Promise<boolean> {
  const startedAt = performance.now();
  const unknown = positionals.filter((name) => !Object.hasOwn(domains, name));
  if (unknown.length > 0)
    throw new Error(`No domain ${unknown.join(", ")}; there are ${Object.keys(domains).join(", ")}.`);
  const all = Object.entries(domains)
    .filter(([domain]) => positionals.length === 0 || positionals.includes(domain))
    .flatMap(([domain, situations]) => situations.map(({ name }): Job => ({ domain, situation: name })));
  // A case's name begins with its situation's.
  const [named = ""] = values.only.split(" | ");
  const chosen = all.filter(({ situation }) => !values.only.includes(" | ") || situation === named);
  const jobs = sample === 0 ? shuffled(chosen, seed) : shuffled(chosen, seed).slice(0, sample);
  const reports = await share(jobs);
  const red = reports.flatMap((report) => report.red);
  const names = reports.flatMap((report) => report.names);
  if (names.length === 0)
    throw new Error(`No case's name holds ${JSON.stringify(values.only)}; --list says their names.`);
  const found = red.filter(({ name }) => !isOpen(name));
  const mended = open.filter(
    ({ cases }) =>
      sample === 0 &&
      !values.list &&
      wanted.length === kinds.length &&
      names.some((name) => name.startsWith(cases)) &&
      !red.some(({ name }) => name.startsWith(cases)),
  );
  if (values.list) for (const name of names.sort()) console.log(name);
  const whole = !values.list && sample === 0 && values.only === "" && positionals.length === 0;
  // Each write can come twice: what has done so nowhere is reached by nothing.
  const missing = whole && wanted.includes("twice") ? incomplete(reports.map(({ reached }) => reached)) : [];
  printTable(reports.map(({ row }) => row));
  for (const { cases } of mended) console.log(`MENDED, delete its line in open.ts: ${cases}`);
  for (const text of missing) console.log(`MISSING ${text}`);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.log(
    `${names.length} cases of ${reports.length} situations: ${found.length} red, ${red.length - found.length} known and open; seed ${seed}, ${seconds} s`,
  );
  return found.length + mended.length + missing.length === 0;
}

/** Plays them in processes of their own, since a case has the process's clock to itself. */
async function share(jobs: readonly Job[]): Promise<Report[]> {
  const reports: Report[] = [];
  const queue = [...jobs];
  const work = async () => {
    const { seed, sample, only, kinds } = values;
    const args = ["--worker", "--seed", seed, "--sample", sample, "--only", only, "--kinds", kinds];
    if (values.list) args.push("--list");
    // What functions log says nothing here.
    const worker = fork(fileURLToPath(import.meta.url), args, {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const answer = await new Promise<Report | { broken: string }>((resolve, reject) => {
          worker.once("message", (message) => resolve(message as Report));
          worker.once("exit", (code) => reject(new Error(`a worker ended with ${code}`)));
          worker.send(next);
        });
        worker.removeAllListeners();
        if ("broken" in answer) throw new Error(`${next.situation}: ${answer.broken}`);
        reports.push(answer);
        for (const { name, faults } of answer.red)
          if (!isOpen(name)) console.log(`RED ${name}\n    ${faults.join("\n    ")}`);
      }
    } finally {
      worker.kill();
    }
  };
  await Promise.all(Array.from({ length: Number(values.workers) }, work));
  return reports;
}
