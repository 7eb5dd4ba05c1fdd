/** Places at which a function can die: before one of its AWS calls is sent, and after it took effect. */
import type { Cloud, FaultCall } from "@wharf/local-cloud";

export type Step = "start" | "finalize" | "ingest" | "relay" | "fan-out" | "deliver";

/** The `nth` call of `action` in a step; calls side by side have no order, but each action's count stays. */
export interface Crash {
  step: Step;
  action: string;
  nth: number;
  moment: "before" | "after";
}

export const describeCrash = ({ step, moment, action, nth }: Crash) => `${step}: ${moment} ${action} ${nth}`;

/** Calls by step and action. */
export type Calls = Map<Step, Map<string, number>>;

const functions: [prefix: string, step: Step][] = [
  ["IngestFunction", "ingest"],
  ["RelayFunction", "relay"],
  ["WebhooksFanOut", "fan-out"],
  ["WebhooksDeliver", "deliver"],
];

/** What every run did. */
export function commonCalls(runs: readonly Calls[]): Calls {
  const [first = new Map(), ...others] = runs;
  const least = (step: Step, action: string, count: number) =>
    Math.min(count, ...others.map((run) => run.get(step)?.get(action) ?? 0));
  return new Map(
    [...first].map(([step, counts]) => [
      step,
      new Map([...counts].map(([action, count]) => [action, least(step, action, count)])),
    ]),
  );
}

/** Both moments of each call of a step. */
export function crashesOf(step: Step, calls: Calls): Crash[] {
  return [...(calls.get(step) ?? [])].flatMap(([action, count]) =>
    Array.from({ length: count }, (_, index) => index + 1).flatMap((nth) =>
      (["before", "after"] as const).map((moment) => ({ step, action, nth, moment })),
    ),
  );
}

/** Watches a cloud's calls and kills functions at them. */
export function createCrasher(cloud: Pick<Cloud, "setFaults" | "killEnvironment">) {
  const apiEnvironments = new Set<string>();
  let calls: Calls = new Map();
  let planned: Crash[] = [];
  let request: "start" | "finalize" | undefined;

  function stepOf(caller: string): Step | undefined {
    if (caller.startsWith("ApiFunction")) return request;
    return functions.find(([prefix]) => caller.startsWith(prefix))?.[1];
  }

  cloud.setFaults(async ({ caller, action, environment }: FaultCall) => {
    if (environment === undefined) return undefined;
    if (caller.startsWith("ApiFunction")) apiEnvironments.add(environment);
    const step = stepOf(caller);
    if (step === undefined) return undefined;
    const counts = calls.get(step) ?? new Map<string, number>();
    const nth = (counts.get(action) ?? 0) + 1;
    calls.set(step, counts.set(action, nth));
    const crash = planned.find((one) => one.step === step && one.action === action && one.nth === nth);
    if (crash === undefined) return undefined;
    planned = planned.filter((one) => one !== crash);
    const kill = async () => void (await cloud.killEnvironment(environment));
    if (crash.moment === "after") return { after: kill };
    await kill();
    return "before";
  });

  return {
    /** Begins to count anew, with an API that has just been deployed, and lets these crashes happen, once each. */
    async plan(crashes: readonly Crash[]): Promise<void> {
      for (const id of apiEnvironments) await cloud.killEnvironment(id);
      apiEnvironments.clear();
      calls = new Map();
      planned = [...crashes];
    },
    /** Names what the client asks the API for now. */
    during(name: "start" | "finalize" | undefined) {
      request = name;
    },
    /** Calls from `plan` until now. */
    calls: () => structuredClone(calls),
    /** Planned crashes that have not happened. */
    pending: () => planned,
  };
}
