/** What one request of the API costs in AWS calls, as the local cloud counts them. */
import type { CallTrace } from "@wharf/local-cloud";
import { perMillion, s3PriceOf } from "#cost/prices.ts";
import type { Story } from "#test/support/story.ts";

export interface Cost {
  name: string;
  /** The call that reads token and client; absent on public routes. */
  authentication: CallTrace | undefined;
  /** All others, in the order of their starts. */
  calls: CallTrace[];
  /** Longest chain of calls of which each began when the one before had ended; authentication aside. */
  roundTrips: number;
  /** Of all calls, authentication included. */
  readUnits: number;
  writeUnits: number;
  /** Price of a million such requests, in US dollars: API Gateway, Lambda's requests, and the calls. */
  usdPerMillion: number;
}

/** Each call takes this long (ms), so that those sent side by side overlap and those in sequence can't. */
const DELAY_MS = 100;

/** Sends a request with the id that it is given, and counts what the API's function does for it. */
export async function count(
  { cloud }: Pick<Story, "cloud">,
  name: string,
  send: (headers: Record<string, string>) => Promise<Response>,
): Promise<{ cost: Cost; answer: Response }> {
  const id = `count-${name.replaceAll(/[^A-Za-z0-9]+/g, "-")}`;
  await cloud.waitForIdle();
  cloud.clearTraces();
  cloud.setFaults(({ caller }) => (ofApi(caller) ? { delayMs: DELAY_MS } : undefined));
  try {
    const answer = await send({ "X-Request-ID": id });
    const traces = cloud.traces().filter((trace) => trace.invocation === id && ofApi(trace.caller));
    return { cost: costOf(name, traces), answer };
  } finally {
    cloud.setFaults(undefined);
  }
}

const ofApi = (caller: string) => /^(Api|Wait)Function/.test(caller);

function costOf(name: string, traces: readonly CallTrace[]): Cost {
  const [first, ...rest] = [...traces].sort((a, b) => a.startedAt - b.startedAt);
  const authenticated = first?.action === "BatchGetItem" && !PUBLIC.test(name);
  const calls = authenticated || first === undefined ? rest : [first, ...rest];
  const readUnits = sum(traces, ({ readUnits = 0 }) => readUnits);
  const writeUnits = sum(traces, ({ writeUnits = 0 }) => writeUnits);
  return {
    name,
    authentication: authenticated ? first : undefined,
    calls,
    roundTrips: longestChain(calls),
    readUnits,
    writeUnits,
    usdPerMillion:
      perMillion("apiRequest") +
      perMillion("invocation") +
      readUnits * perMillion("readUnit") +
      writeUnits * perMillion("writeUnit") +
      sum(traces, priceOfCall),
  };
}

/** Price of a million such calls of S3 or SQS; DynamoDB goes by units. */
export function priceOfCall({ service, action }: Pick<CallTrace, "service" | "action">): number {
  if (service === "sqs") return perMillion("queueRequest");
  const name = service === "s3" ? s3PriceOf(action) : undefined;
  return name === undefined ? 0 : perMillion(name);
}

const PUBLIC = /\/s\/|\/auth\/token/;

function sum(traces: readonly CallTrace[], of: (trace: CallTrace) => number): number {
  return traces.reduce((total, trace) => total + of(trace), 0);
}

/** Most calls of which none overlaps another: always take the one that ends first. */
export function longestChain(calls: readonly Pick<CallTrace, "startedAt" | "endedAt">[]): number {
  let length = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const call of [...calls].sort((a, b) => a.endedAt - b.endedAt)) {
    if (call.startedAt < end) continue;
    length += 1;
    end = call.endedAt;
  }
  return length;
}
