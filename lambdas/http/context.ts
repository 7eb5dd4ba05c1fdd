/** What requests and answers are to Wharf's routes. */
import type { Context, Hono } from "hono";
import type { GatewayFacts } from "./proxy.ts";

/** `Bindings`: what the gateway says of a request beside it. */
interface AppTypes {
  Variables: { requestId: string };
  Bindings: Partial<GatewayFacts> | undefined;
}

export type App = Hono<AppTypes>;

export type AppContext = Context<AppTypes>;

/** What a handler says: of the status only where it isn't that of the contract's success (`successOf`). */
export interface Reply<Status extends number = never> extends Omit<Answer, "status"> {
  instead?: Status;
}

/** An answer: JSON unless `body` is a string or absent. */
export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}
