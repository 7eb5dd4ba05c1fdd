/** LocalStack in host mode: a process of Python with our plugin, which ends with this one. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "#test/support/eventually.ts";
import { freePort } from "#test/support/free-port.ts";
import { pythonTools } from "#test/support/registry-tools.ts";
import { type Companion, startCompanion } from "./companion.ts";

/** What users of LocalStack in Docker mount, at the same place. */
const STARTED = join(import.meta.dirname, "../../../examples/localstack/start.d");
const PLUGIN = join(import.meta.dirname, "plugin");
const requirements = readFileSync(join(import.meta.dirname, "requirements.txt"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));
/** Its modules call what `threading.Lock` is since 3.13; what it is pinned to has no wheels for 3.14. */
const PYTHON = { from: "3.13", below: "3.14" };
/** Also of users' compose file. */
export const everywhere = {
  // Its default accepts any signature.
  S3_SKIP_SIGNATURE_VALIDATION: "0",
  // A queue's URL has a host name otherwise, which no resolver here knows, and the SDK calls it there.
  SQS_ENDPOINT_STRATEGY: "path",
  LAMBDA_IGNORE_ARCHITECTURE: "1",
};
/** On two busy cores; 5 to 10 s on idle ones. */
const START_MS = 180_000;
/** After that it is ended by force. */
const STOP_MS = 15_000;

export interface LocalStack extends AsyncDisposable {
  /** Of all services. */
  readonly endpoint: string;
  /** The end of what it wrote, and of what functions wrote. */
  tail(): string;
  /** A Python that has `requests`. */
  readonly python: string;
  /** Missing where somebody else started it. */
  readonly companion?: Companion;
}

/**
 * Starts it in `folder`, on a free port, with S3's signatures checked.
 *
 * @throws Unavailable without a Python that its packages know, or without PyPI.
 */
export async function startLocalStack(folder: string): Promise<LocalStack> {
  const commands = pythonTools(requirements, PYTHON);
  // As the local cloud: the stories' endpoints for webhooks are on loopback.
  const companion = await startCompanion({ WHARF_ALLOW_LOOPBACK_HTTP: "1" });
  const port = await freePort();
  cpSync(STARTED, join(folder, "root/etc/localstack/init/start.d"), { recursive: true });
  const log = join(folder, "localstack.log");
  const out = openSync(log, "w");
  const python = join(commands, "python");
  const child = spawn(python, ["-m", "localstack.runtime.main"], {
    cwd: folder,
    env: settings(folder, port, companion),
    // The plugin ends LocalStack when its input ends: with this process, however that ends.
    stdio: ["pipe", out, out],
    detached: true,
  });
  const stop = async () => {
    await end(child);
    await companion.close();
  };
  const tail = () => lastLines([...readFileSync(log, "utf8").split("\n"), ...companion.logs()]);
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await ready(endpoint, child);
  } catch (error) {
    await stop();
    throw new Error(`LocalStack doesn't start:\n${tail()}`, { cause: error });
  }
  return { endpoint, tail, python, companion, [Symbol.asyncDispose]: stop };
}

const LAST = 60;
/** Lines that say nothing of a failure. */
const IDLE = /=> [23]\d\d|"level":"info"/;
const lastLines = (lines: readonly string[]) =>
  lines
    .filter((line) => !IDLE.test(line))
    .slice(-LAST)
    .map((line) => line.slice(0, 300))
    .join("\n");

async function ready(endpoint: string, python: ChildProcess): Promise<void> {
  await eventually(
    async () => {
      const answer = hasEnded(python) || (await fetch(`${endpoint}/_localstack/health`));
      if (answer !== true && !answer.ok) throw new Error(`its health: ${answer.status}`);
    },
    { timeoutMs: START_MS },
  );
  if (hasEnded(python)) throw new Error(`it ended with ${python.exitCode ?? python.signalCode}`);
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null;

async function end(python: ChildProcess): Promise<void> {
  if (hasEnded(python)) return;
  const ended = once(python, "exit");
  python.kill("SIGTERM");
  const force = setTimeout(() => python.kill("SIGKILL"), STOP_MS);
  await ended;
  clearTimeout(force);
}

function settings(folder: string, port: number, companion: Companion): NodeJS.ProcessEnv {
  const own = (name: string) => {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true });
    return path;
  };
  const { PATH, LANG } = process.env;
  return {
    ...{ PATH, LANG, PYTHONPATH: PLUGIN, PYTHONDONTWRITEBYTECODE: "1", PYTHONUNBUFFERED: "1" },
    // Two runs at once share nothing: its S3 is in the temporary folder, its list of plugins in the cache.
    ...{ HOME: own("home"), TMPDIR: own("tmp"), XDG_CACHE_HOME: own("cache"), FILESYSTEM_ROOT: own("root") },
    // In a container it takes itself for its own image, and writes to /var/lib, /usr/lib and /etc.
    OVERRIDE_IN_DOCKER: "0",
    GATEWAY_LISTEN: `127.0.0.1:${port}`,
    // Under one name for everybody, so that a URL works for whoever gets it.
    ...{ LOCALSTACK_HOST: `localhost:${port}`, HOSTNAME_FROM_LAMBDA: "localhost" },
    // Nothing is asked of the Internet.
    ...{ DISABLE_EVENTS: "1", SKIP_SSL_CERT_DOWNLOAD: "1", DNS_ADDRESS: "0", EAGER_SERVICE_LOADING: "0" },
    ...everywhere,
    ...{ PROVIDER_OVERRIDE_DYNAMODB: "v2", DYNAMODB_IN_MEMORY: "1" },
    DYNAMODB_LOCAL_PORT: String(companion.dynamoDbPort),
    LAMBDA_RUNTIME_EXECUTOR: "wharf",
    WHARF_COMPANION: companion.lambdaUrl,
  };
}
