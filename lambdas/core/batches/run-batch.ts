import { setTimeout } from "node:timers/promises";
import { isContended } from "#aws/passing.ts";
import type { RefusedItem } from "#contract/batch.ts";
import { MULTI_STATUS } from "#contract/route.ts";
import type { Scope } from "#contract/scopes.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { inParallel } from "#core/kernel/in-parallel.ts";
import { keepAnswer, once } from "#core/kernel/once.ts";
import { within } from "#core/kernel/within.ts";

/** Items that are under way at once. */
const AT_ONCE = 8;
/** API Gateway waits for 29 s. From its start on: until when (ms) an item begins, what waits for S3 waits, and all are answered. */
const TIMES = { begin: 15_000, patience: 22_000, answer: 26_000 };

/**
 * Of one whose transaction meets others' all the time, as those of one folder may meet each other: tries, and how long
 * (ms) one waits for the next at most.
 */
const CONTENDED = { tries: 4, wait: 400 };

/** What a batch does with one of its items. */
export interface BatchItem<B> {
  /** Those of one name are done one after the other. */
  about: string;
  /** What it would be on its own: the route, and what tells its request from another. */
  alone: { route: string; status: number; request: unknown };
  act(call: Call): Promise<B>;
  /** As a route's `replay`: the answer from the recorded one. */
  again(recorded: unknown, call: Call, lacking: readonly Scope[]): Promise<B>;
}

interface Batch<B, D> {
  items: readonly BatchItem<B>[];
  /** The batch's `Idempotency-Key`, from which each item's follows. */
  key: string | undefined;
  /** What is told of one that was done. */
  tell(body: B): D;
  refusal: Refusal;
}

/** How a refusal is told. */
type Refusal = (error: unknown) => { error: WharfError; told: RefusedItem };

/**
 * Does each item as on its own, several at once, and tells what became of each, in the order of the request.
 *
 * @returns `instead`: 207 where only some were done.
 * @throws WharfError batch_failed where none was, unavailable where each may be sent again as it is.
 */
export async function runBatch<B extends object, D extends object>(
  deps: TableDeps,
  call: Call,
  { items, key, tell, refusal }: Batch<B, D>,
): Promise<{ instead?: typeof MULTI_STATUS; body: { items: (D | RefusedItem)[] } }> {
  const begun = deps.now();
  const done = new Map<number, D>();
  const refused = new Map<number, ReturnType<Refusal>>();
  const inTurn = [...Map.groupBy(items.entries(), ([, { about }]) => about).values()];
  await inParallel(inTurn, AT_ONCE, async (some) => {
    for (const [index, item] of some) {
      try {
        const passed = deps.now() - begun;
        if (passed > TIMES.begin) throw notBegun();
        const own = { key: key && keyOf(key, index), until: begun + TIMES.patience };
        done.set(index, tell(await within(TIMES.answer - passed, runItem(deps, call, item, own), tooLate)));
      } catch (error) {
        refused.set(index, refusal(error));
      }
    }
  });
  if (done.size === 0) throw noneDone(items.flatMap((_, index) => refused.get(index) ?? []));
  const body = { items: items.flatMap((_, index) => done.get(index) ?? refused.get(index)?.told ?? []) };
  return refused.size === 0 ? { body } : { instead: MULTI_STATUS, body };
}

/** No client can send such a key: it is no other request's. */
const keyOf = (key: string, index: number) => `${key}\n${index}`;

async function runItem<B extends object>(
  deps: TableDeps,
  call: Call,
  { alone, act, again }: BatchItem<B>,
  { key, until }: { key: string | undefined; until: number },
): Promise<B> {
  const { status, ...request } = alone;
  const attempt = () =>
    once<B>(
      deps,
      { caller: call.caller, key, status, request },
      {
        again: ({ body, lacking }, record) => again(body, { ...call, record }, lacking),
        async act(idempotency) {
          let isRecorded = false;
          const record: Call["record"] = (answer) => {
            isRecorded = true;
            return idempotency.record(answer);
          };
          const done = await act({ ...call, record, until });
          if (!isRecorded) await keepAnswer(idempotency, done);
          return done;
        },
      },
    );
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isContended(error) || tries === CONTENDED.tries) throw error;
      await setTimeout(Math.random() * CONTENDED.wait);
    }
  }
}

function notBegun(): WharfError {
  const detail = "The batch had no time left to begin this one: nothing of it was done. Send it again.";
  return new WharfError("unavailable", detail, { retry_after_seconds: 1 });
}

function tooLate(): WharfError {
  const detail =
    "This takes longer than one answer can wait for, and may be done yet. Send it again: under the same Idempotency-Key it is done once.";
  return new WharfError("unavailable", detail, { retry_after_seconds: 5 });
}

/** Nothing was done: what is told as an error, for whoever looks at the status alone. */
function noneDone(refused: readonly ReturnType<Refusal>[]): WharfError {
  const items = refused.map(({ told }) => told);
  const waits = refused.flatMap(({ error: { status, retryAfterSeconds = [] } }) =>
    // A lock ends too, but not by waiting for the API.
    status === 503 || status === 429 ? retryAfterSeconds : [],
  );
  const why = `None of ${items.length} was done; \`items\` says why of each. The first: ${refused[0]?.error.message}`;
  if (waits.length < refused.length) return new WharfError("batch_failed", why, { items });
  return new WharfError("unavailable", why, { retry_after_seconds: Math.max(...waits), items });
}
