/** Work that Ctrl-C ends only after what it holds is given back. */
import { constants } from "node:os";
import process from "node:process";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs `work` with a signal that is aborted as this process is told to end, and ends it once `work` has cleaned up. */
export async function untilSignal(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const ending = new AbortController();
  let told: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    told ??= signal;
    ending.abort(new Error(`ended by ${signal}`));
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    await work(ending.signal);
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    // As a shell counts who ended by a signal.
    if (told) process.exit(128 + constants.signals[told]);
  }
}
