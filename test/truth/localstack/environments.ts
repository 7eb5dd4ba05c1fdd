/** Lambda's execution environments for LocalStack's executor (`plugin/wharf_localstack/executor.py`), by HTTP. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import type { Clock } from "@wharf/local-cloud";
import { type Environment, startEnvironment } from "@wharf/local-cloud/lambda/environment.ts";
import { z } from "zod";

const started = z.object({
  arn: z.string(),
  name: z.string(),
  handler: z.string(),
  codeDir: z.string(),
  timeoutSeconds: z.number(),
  memoryMb: z.number(),
  env: z.record(z.string(), z.string()),
});
const invoked = z.object({ requestId: z.string(), event: z.string(), traceId: z.string() });

interface Held {
  name: string;
  start(): Environment;
  environment: Environment;
  /** Lines of the call that runs. */
  lines: string[];
}

/** What a function was handed. */
export interface Call {
  name: string;
  /** JSON text. */
  event: string;
}

const PATH = /^\/environments\/(\w+)(?:\/(invoke|end))?$/;
/** Lines, and calls, that are kept of all functions together: more than a run has. */
const KEPT = 20_000;

/** Environments by LocalStack's ids; one that has ended is started anew by its next call, as Lambda does. */
export function createEnvironments(clock: Clock, extraEnv: Record<string, string>) {
  const held = new Map<string, Held>();
  const logs: string[] = [];
  const calls: Call[] = [];

  function start(id: string, { env, ...settings }: z.infer<typeof started>): void {
    const start = () =>
      startEnvironment({
        // Roles, queues and limits are LocalStack's affair.
        config: {
          ...{ ...settings, logicalId: settings.name, env: {}, roleArn: "", logGroup: "" },
          ...{ reservedConcurrency: undefined, deadLetterArn: undefined },
        },
        clock,
        env: { ...env, LAMBDA_TASK_ROOT: settings.codeDir, ...extraEnv },
        onLog(text) {
          held.get(id)?.lines.push(text);
          keep(logs, `${settings.name}: ${text}`);
        },
        onEnd() {},
      });
    held.set(id, { name: settings.name, start, environment: start(), lines: [] });
  }

  async function invoke(id: string, request: z.infer<typeof invoked>) {
    const one = held.get(id);
    if (!one) throw new Error(`there is no environment ${id}`);
    if (!one.environment.alive()) one.environment = one.start();
    one.lines = [];
    keep(calls, { name: one.name, event: request.event });
    const { payload, functionError } = await one.environment.invoke(request);
    return { payload, isError: functionError !== undefined, logs: one.lines.join("\n") };
  }

  async function end(id: string): Promise<void> {
    const one = held.get(id);
    held.delete(id);
    await one?.environment.kill();
  }

  return {
    logs: () => logs,
    calls: () => calls,
    isRunning: (part: string) =>
      [...held.values()].some(({ name, environment }) => name.includes(part) && environment.current()),
    kill(part: string): void {
      for (const { name, environment } of held.values()) if (name.includes(part)) void environment.kill();
    },
    async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
      const [, id = "", verb] = PATH.exec(req.url ?? "") ?? [];
      const body: unknown = await json(req);
      let answer: unknown = {};
      if (verb === "invoke") answer = await invoke(id, invoked.parse(body));
      else if (verb === "end") await end(id);
      else start(id, started.parse(body));
      res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    },
    async close() {
      await Promise.all([...held.keys()].map(end));
    },
  };
}

function keep<T>(list: T[], one: T): void {
  list.push(one);
  if (list.length > KEPT) list.splice(0, KEPT / 2);
}
