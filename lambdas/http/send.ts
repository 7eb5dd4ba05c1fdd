import type { Answer } from "./context.ts";

/** Writes an answer; every API answer is private to its caller. */
export function send({ status, body, headers = {} }: Answer): Response {
  const text = body === undefined || typeof body === "string" ? (body ?? null) : JSON.stringify(body);
  const all = new Headers({ "Cache-Control": "no-store", ...headers });
  if (text !== null && !all.has("Content-Type")) all.set("Content-Type", "application/json");
  return new Response(text, { status, headers: all });
}
