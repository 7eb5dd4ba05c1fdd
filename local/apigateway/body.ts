/** Reads a request's body up to API Gateway's limit. */
import type { IncomingMessage } from "node:http";

// API Gateway: a payload holds 10 MB at most.
export const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** Whether the declared length alone is past the limit. */
export function declaresTooMuch(req: IncomingMessage): boolean {
  return Number(req.headers["content-length"] ?? 0) > MAX_BODY_BYTES;
}

/** The whole body, or `undefined` once it is past the limit. Rejects when the client goes away. */
export function readBody(req: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    req.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) resolve(undefined);
      else chunks.push(chunk);
    });
    req.on("end", () => resolve(Buffer.concat(chunks)));
    req.on("error", reject);
    req.on("close", () => reject(new Error("the client went away")));
  });
}

/**
 * Throws the rest of the body away, so that a client that is still sending gets to read the answer;
 * ends the connection of one that sends past the limit.
 */
export function drain(req: IncomingMessage): void {
  let size = 0;
  req.on("error", () => {});
  req.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) req.destroy();
  });
}
