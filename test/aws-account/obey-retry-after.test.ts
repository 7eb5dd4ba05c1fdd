import { createServer } from "node:http";
import { listen } from "@wharf/local-cloud/listen.ts";
import { expect, onTestFinished, test } from "vitest";
import { createApiClient } from "#test/support/api-client.ts";
import { patientFetch } from "./obey-retry-after.ts";

/** Answers each path by its own list, the last for good. */
async function serve(answers: Record<string, readonly [number, Record<string, string>, string][]>) {
  const calls: string[] = [];
  const server = createServer((req, res) => {
    const path = req.url ?? "";
    const list = answers[path] ?? [];
    const [status, headers, body] = list[calls.filter((call) => call === path).length] ??
      list.at(-1) ?? [404, {}, ""];
    calls.push(path);
    req.resume().on("end", () => res.writeHead(status, headers).end(body));
  });
  const { url, close } = await listen(server, {});
  onTestFinished(close);
  const api = createApiClient({ origin: url, clientId: "cli_1", clientSecret: "whs_1", send: patientFetch });
  return { api, calls };
}

const BUSY = [503, { "retry-after": "0" }, '{"code":"unavailable"}'] as const;
const TOKEN = [
  200,
  {},
  '{"access_token":"t","token_type":"Bearer","expires_in":3600,"scope":"files:write"}',
] as const;

test("a check's own calls are made again after Retry-After, and their failures are named by method and path", async () => {
  const { api, calls } = await serve({
    "/v1/auth/token": [[...BUSY], [...TOKEN]],
    "/v1/files/1": [[...BUSY], [...BUSY], [200, {}, "{}"]],
    "/v1/uploads": [[...BUSY], [400, {}, '{"code":"invalid_request"}']],
  });
  expect((await api.api("/v1/files/1")).status).toBe(200);
  await expect(api.start("a.bin", 1)).rejects.toThrow(/^POST \/v1\/uploads: 400 /);
  expect(calls).toEqual([
    ...["/v1/auth/token", "/v1/auth/token"],
    ...["/v1/files/1", "/v1/files/1", "/v1/files/1"],
    ...["/v1/uploads", "/v1/uploads"],
  ]);
});
