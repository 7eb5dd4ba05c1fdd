/** What can go wrong with one AWS call, and how it is brought about. */
import { AwsError, type Fault, type FaultHook, mayBeStale } from "@wharf/local-cloud";
import type { Made } from "./calls.ts";
import { DAY, passTime, SECOND } from "./time.ts";

/** What goes wrong at a call, or in a whole story. `while` names who acts meanwhile. */
export type Wrong =
  | { kind: "twice" }
  /**
   * Of a transaction: its first copy comes between the conflict that its repeat meets and our own next try. One that
   * reads has no copy: another is under way.
   */
  | { kind: "conflict"; read?: true }
  | { kind: "lost"; while?: string }
  | { kind: "late"; until: string }
  | { kind: "frozen"; while: string }
  | { kind: "stale"; while?: string }
  | { kind: "clock"; ms: number };

/** The moments at which a copy arrives, beside those that a story names. */
export const LATE = {
  next: "the next call",
  end: "the end of the call",
  minutes: "12 minutes later",
} as const;

export const describeWrong = (wrong: Wrong): string => {
  switch (wrong.kind) {
    case "twice":
      return "twice";
    case "conflict":
      return wrong.read ? "a conflict" : "a conflict, and its first copy after that";
    case "lost":
      return wrong.while === undefined ? "answer lost" : `answer lost, meanwhile: ${wrong.while}`;
    case "late":
      return `a copy late, at: ${wrong.until}`;
    case "frozen":
      return `frozen before it, meanwhile: ${wrong.while}`;
    case "stale":
      return `old, as before ${wrong.while === undefined ? "its last change" : `this: ${wrong.while}`}`;
    case "clock":
      return `clock ${wrong.ms > 0 ? "+" : ""}${wrong.ms} ms`;
  }
};

interface Port {
  setFault(hook?: FaultHook): void;
  late: { flush(): Promise<void> };
}

/** No copy comes by itself. */
const NEVER = { afterMs: 400 * DAY };

/** Nothing happened. Source: DynamoDB API Reference, TransactWriteItems, `TransactionConflict`. */
const conflict = () =>
  new AwsError(
    "TransactionCanceledException",
    "Transaction cancelled, another is under way on the item",
    400,
    {
      CancellationReasons: [{ Code: "TransactionConflict" }],
    },
  );

/** Brings faults about at the AWS port, or, for messages and events that wait in memory, by sending again. */
export function inflicter(port: Port, act: (who: string) => Promise<void>) {
  let copies: (() => Promise<unknown>)[] = [];
  let aged: Promise<void> | undefined;
  let wasOld = false;
  const idle: string[] = [];

  /** Has its first tries end so, one after the other; those after them find nothing in their way. */
  async function atPort<T>(
    { action, needle }: Made,
    faults: readonly (Fault | (() => Promise<void>))[],
    send: () => Promise<T>,
    { least = faults.length }: { least?: number } = {},
  ): Promise<T> {
    let tries = 0;
    port.setFault(async (call) => {
      if (call.action !== action || !`${call.path} ${call.body ?? ""}`.includes(needle)) return undefined;
      const fault = faults[tries++];
      if (typeof fault !== "function") return fault;
      await fault();
      return undefined;
    });
    try {
      return await send();
    } finally {
      if (tries > 0) port.setFault();
      if (tries < least) idle.push(`${tries} tries of ${action} came, not ${least}: the SDK repeats nothing`);
    }
  }

  /** From here on reads like this one are answered as before somebody acts, or as before they last changed. */
  async function age({ action, needle }: Made, who: string | undefined): Promise<void> {
    const then = Date.now();
    if (who !== undefined) await act(who);
    port.setFault((call) => {
      if (!mayBeStale(call) || call.action !== action || !call.body?.includes(needle)) return undefined;
      wasOld = true;
      return { staleMs: who === undefined ? "changed" : Date.now() - then };
    });
  }

  return {
    /** Makes a call that goes wrong so. */
    async at<T>(made: Made, wrong: Wrong, send: () => Promise<T>): Promise<T> {
      const inMemory = made.action === undefined;
      switch (wrong.kind) {
        case "clock":
          return send();
        case "frozen":
          await act(wrong.while);
          return send();
        case "stale":
          // Its like wait, though one goes wrong for all.
          aged ??= age(made, wrong.while);
          await aged;
          return send();
        case "twice":
          if (!inMemory) return atPort(made, ["twice"], send);
          await send();
          return send();
        case "conflict":
          if (wrong.read) return atPort(made, [{ error: conflict() }], send);
          return atPort(
            made,
            [{ late: NEVER, answered: false }, { error: conflict() }, () => port.late.flush()],
            send,
          );
        case "lost": {
          const between = async () => {
            if (wrong.while !== undefined) await act(wrong.while);
          };
          // The SDK sends again what got no answer.
          if (!inMemory) return atPort(made, [{ after: between }], send, { least: 2 });
          await send();
          await between();
          return send();
        }
        case "late": {
          if (!inMemory) return atPort(made, [{ late: NEVER, answered: true }], send);
          copies.push(send);
          return send();
        }
      }
    },
    /** What was to go wrong and did not, so that the case says nothing. */
    idle: () => [...idle, ...(aged !== undefined && !wasOld ? ["nothing that it read was old"] : [])],
    /** Lets what is late arrive. */
    async arrive(): Promise<void> {
      const late = copies;
      copies = [];
      for (const send of late) await send().catch(() => {});
      await port.late.flush();
    },
  };
}

/**
 * Which faults a call can have, in a story that names these.
 *
 * A transaction's repeats are answered by its token for 10 minutes, whoever has written meanwhile, so that only a copy
 * that comes later is a case of its own. Source: DynamoDB API Reference, TransactWriteItems, `ClientRequestToken`.
 */
export function wrongsOf(
  { writes, action, mayBeOld, nth }: Made,
  { meanwhile, next }: { meanwhile: readonly string[]; next: readonly string[] },
): Wrong[] {
  const frozen = meanwhile.map((who): Wrong => ({ kind: "frozen", while: who }));
  const stale = [undefined, ...meanwhile].map(
    (who): Wrong => ({ kind: "stale", ...(who !== undefined && { while: who }) }),
  );
  // One is for all of its label.
  if (!writes)
    return [
      ...(action === "TransactGetItems" ? [{ kind: "conflict", read: true } as const] : []),
      ...frozen,
      ...(mayBeOld && nth === 1 ? stale : []),
    ];
  const told = action === "TransactWriteItems";
  const moments = told ? [LATE.minutes] : [LATE.next, LATE.end, ...next, LATE.minutes];
  return [
    { kind: "twice" },
    { kind: "lost" },
    ...(told ? [{ kind: "conflict" } as const] : []),
    ...moments.map((until): Wrong => ({ kind: "late", until })),
    ...frozen,
    ...(told ? [] : meanwhile.map((who): Wrong => ({ kind: "lost", while: who }))),
  ];
}

/** How far a function's clock may be off, in ms. */
const SKEW_MS = 3 * SECOND;
export const clocks: readonly Wrong[] = [
  { kind: "clock", ms: -SKEW_MS },
  { kind: "clock", ms: SKEW_MS },
];

/** Between what two environments do. */
export const aMoment = () => passTime(SECOND);
