/** The calls of one server: how many connections they may come by, and an end that lets them end. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** As many connections again get an answer, which is a refusal; those past these are cut. */
const WITH_REFUSED = 2;
/** Real ms that clients have for reading the last refusals. */
const LAST_WORDS_MS = 1_000;
/** Made once: with a stack of its own for each call, it took a twentieth of all that a busy server does. */
const OVER = new DOMException("The call is over.", "AbortError");

export interface Calls {
  /**
   * Counts a call until its answer is sent or its client gone, when the signal is aborted. `refused` are those that
   * come by a connection too many, or at the end: answer 503, nothing else.
   */
  begin(req: IncomingMessage, res: ServerResponse): { signal: AbortSignal; refused: boolean };
  /**
   * From now on every call is refused. Resolves when those that run have ended; what runs on after `ms` (real
   * milliseconds) is aborted with `reason`.
   */
  end(ms: number, reason: () => Error): Promise<void>;
}

/** Counts the calls and connections of `server`. @param maxConnections at once; a call on one more is refused. */
export function countCalls(server: Server, maxConnections: number): Calls {
  const open = new Set<Socket>();
  const surplus = new WeakSet<Socket>();
  const running = new Map<ServerResponse, AbortController>();
  let ending = false;
  let onQuiet = () => {};

  server.on("connection", (socket: Socket) => {
    if (open.size >= maxConnections) server.closeIdleConnections();
    if (open.size >= WITH_REFUSED * maxConnections) return void socket.destroy();
    if (open.size >= maxConnections) surplus.add(socket);
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });

  function quiet(ms: number): Promise<unknown> {
    if (running.size === 0) return Promise.resolve();
    const over = new AbortController();
    return Promise.race([
      new Promise<void>((resolve) => {
        onQuiet = resolve;
      }),
      delay(ms, undefined, { signal: over.signal }),
    ]).finally(() => over.abort());
  }

  return {
    begin(req, res) {
      const call = new AbortController();
      // Others may have gone since it came.
      const refused = ending || (surplus.has(req.socket) && open.size > maxConnections);
      if (refused) res.shouldKeepAlive = false;
      running.set(res, call);
      res.once("close", () => {
        running.delete(res);
        call.abort(OVER);
        if (running.size === 0) onQuiet();
      });
      return { signal: call.signal, refused };
    },
    async end(ms, reason) {
      ending = true;
      for (const res of running.keys()) res.shouldKeepAlive = false;
      await quiet(ms);
      for (const call of running.values()) call.abort(reason());
      await quiet(LAST_WORDS_MS);
    },
  };
}
