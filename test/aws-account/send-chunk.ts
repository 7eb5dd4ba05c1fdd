import type { ApiInit } from "#test/support/api-client.ts";
import type { Target } from "./target.ts";

export const octets = { "Content-Type": "application/octet-stream" };

/** PUTs a chunk to the API and doesn't follow. */
export function sendChunk(
  { api }: Pick<Target, "api">,
  uploadId: string,
  body: Uint8Array<ArrayBuffer>,
  { query = "", headers = {}, ...init }: ApiInit & { query?: string } = {},
): Promise<Response> {
  const sent = { ...init, method: "PUT", body, headers: { ...octets, ...headers } };
  return api.api(`/v1/uploads/${uploadId}/chunks${query}`, sent);
}
