/** `npm run logs`: what the local cloud's functions wrote, for people. */
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { LEVELS, type LogEntry, readEntry, showEntry } from "./log-entry.ts";

const USAGE = `npm run logs -- [options]

  -n N            the last N lines that fit (default 50; 0: all)
  -f, --follow    and those that come, until Ctrl-C
  --level LEVEL   ${LEVELS.join(", ")}: that and what is worse (default info)
  --request ID    of one request alone: the X-Request-ID of its answer
  --data DIR      where the local cloud keeps its files (default .wharf)
  --help

The whole lines, as JSON, stand in DIR/log.jsonl and, older, in DIR/log.jsonl.1.`;

const ORDER: readonly string[] = LEVELS;

/** How often a followed file is looked at, in milliseconds; the cloud writes each 200 ms. */
const LOOK_EACH_MS = 200;

function readOptions(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      n: { type: "string", short: "n", default: "50" },
      follow: { type: "boolean", short: "f", default: false },
      level: { type: "string", default: "info" },
      request: { type: "string" },
      data: { type: "string", default: ".wharf" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const level = ORDER.indexOf(values.level);
  if (level < 0) throw new TypeError(`--level ${values.level}: take one of ${LEVELS.join(", ")}`);
  const last = Number(values.n);
  if (!Number.isInteger(last) || last < 0) throw new TypeError(`-n ${values.n}: take 0 or a whole number`);
  const { follow, request, help } = values;
  const fits = (entry: LogEntry) =>
    ORDER.indexOf(entry.level) >= level && (request === undefined || entry.requestId === request);
  return { file: join(values.data, "log.jsonl"), last, follow, fits, help };
}

/** Reads on where it stopped, whole lines only; a file that was put aside since is read to its end first. */
function createReader(file: string) {
  let opened = -1;
  let inode = -1;
  let decoder = new StringDecoder();
  let partial = "";
  const chunk = Buffer.alloc(64 * 1024);

  function* rest(): Generator<string> {
    if (opened < 0) return;
    for (let size = readSync(opened, chunk); size > 0; size = readSync(opened, chunk)) {
      const lines = (partial + decoder.write(chunk.subarray(0, size))).split("\n");
      partial = lines.pop() ?? "";
      yield* lines;
    }
  }

  return function* lines(): Generator<string> {
    yield* rest();
    const found = statSync(file, { throwIfNoEntry: false });
    if (found === undefined || found.ino === inode) return;
    if (opened >= 0) closeSync(opened);
    [opened, inode, decoder, partial] = [openSync(file, "r"), found.ino, new StringDecoder(), ""];
    yield* rest();
  };
}

async function run({ file, last, follow, fits }: ReturnType<typeof readOptions>): Promise<void> {
  const older = `${file}.1`;
  if (!existsSync(file) && !existsSync(older) && !follow) {
    throw new TypeError(`There is no ${file} yet: npm start makes it, and --data says where it is.`);
  }
  const read = (lines: Iterable<string>) =>
    [...lines]
      .map(readEntry)
      .filter((entry) => entry !== undefined)
      .filter(fits);
  const lines = createReader(file);
  const found = [...read(createReader(older)()), ...read(lines())];
  for (const entry of last === 0 ? found : found.slice(-last)) console.log(showEntry(entry));
  while (follow) {
    await delay(LOOK_EACH_MS);
    for (const entry of read(lines())) console.log(showEntry(entry));
  }
}

// A pipe that was closed, by `head` for one, is no fault.
process.stdout.on("error", () => process.exit(0));
try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(USAGE);
  else await run(options);
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  console.error(`${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
}
