import { request as http } from "node:http";
import { request as https } from "node:https";

const PATIENCE_MS = 60_000;

/**
 * PUTs as curl does: `Expect: 100-continue`, and the body once that came, or not at all where the answer came first.
 * fetch knows no `Expect`.
 */
export function sendExpecting(
  url: string,
  body: Uint8Array,
  headers: Record<string, string>,
): Promise<{ status: number; location: string | undefined; continued: boolean }> {
  const request = url.startsWith("https:") ? https : http;
  return new Promise((resolve, reject) => {
    let continued = false;
    const sent = request(url, {
      method: "PUT",
      headers: { ...headers, "Content-Length": body.length, Expect: "100-continue" },
      timeout: PATIENCE_MS,
    });
    sent.once("continue", () => {
      continued = true;
      sent.end(body);
    });
    sent.once("response", (answer) => {
      answer.resume();
      resolve({ status: answer.statusCode ?? 0, location: answer.headers.location, continued });
      if (!continued) sent.destroy();
    });
    sent.once("timeout", () => sent.destroy(new Error(`no answer within ${PATIENCE_MS / 1_000} s`)));
    sent.once("error", reject);
    sent.flushHeaders();
  });
}
