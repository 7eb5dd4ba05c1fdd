import { describe, say } from "#aws/log.ts";
import type { Call } from "./call.ts";
import type { TableDeps } from "./deps.ts";
import { beginIdempotent, type Idempotency } from "./idempotency.ts";

/** What is asked for, and under which `Idempotency-Key`, if any. */
type Asked = Parameters<typeof beginIdempotent>[1];

/**
 * Does what a key stands for, or answers as it was answered before.
 *
 * @param again makes the answer from the recorded one; `undefined` where that holds no more, and it is done anew.
 * @throws WharfError idempotency_mismatch, idempotency_in_progress, and what `again` and `act` throw: then the key is free
 * for a corrected request.
 */
export async function once<T>(
  deps: TableDeps,
  asked: Asked,
  {
    again,
    act,
  }: {
    again(replay: NonNullable<Idempotency["replay"]>, record: Call["record"]): Promise<T | undefined>;
    act(idempotency: Idempotency): Promise<T>;
  },
): Promise<T> {
  const idempotency = await beginIdempotent(deps, asked);
  try {
    const { replay, record } = idempotency;
    const repeated = replay && (await again(replay, record));
    return repeated ?? (await act(idempotency));
  } catch (error) {
    await idempotency.release();
    throw error;
  } finally {
    idempotency.end();
  }
}

/** What was done is answered, whether that can be kept or not. */
export async function keepAnswer(idempotency: Idempotency, body: unknown): Promise<void> {
  try {
    await idempotency.keep(body);
  } catch (error) {
    say("warn", "an answer could not be kept under its Idempotency-Key", { error: describe(error) });
  }
}
