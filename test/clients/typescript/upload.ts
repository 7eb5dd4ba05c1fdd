/** Uploads by the generated types: `node upload.ts <origin> <client id> <secret>`; prints what it read back. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.d.ts";

type Finished = components["schemas"]["FinishedUpload"];
type Part = components["schemas"]["PartUrl"];

const [baseUrl = "", client_id = "", client_secret = ""] = process.argv.slice(2);
const { POST: ask } = createClient<paths>({ baseUrl });
const { data: token } = await ask("/v1/auth/token", { body: { client_id, client_secret } });
assert(token);
const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token.access_token}` } });

/** A form's fields as they are sent. */
function form(fields: Record<string, unknown>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) data.append(name, value instanceof Blob ? value : String(value));
  }
  return data;
}

async function sendForm(content: Uint8Array<ArrayBuffer>): Promise<Finished> {
  const { data, error } = await api.POST("/v1/files/upload", {
    body: { file: new File([content], "form.bin"), path: "generated/ts", expire_in: 600 },
    bodySerializer: form,
  });
  assert(data, error?.detail);
  return data;
}

async function sendParts(content: Uint8Array<ArrayBuffer>): Promise<Finished> {
  const { data: started, error } = await api.POST("/v1/uploads", {
    body: { filename: "generated/ts/parts.bin", size: content.length, part_size: 5_242_880 },
  });
  assert(started, error?.detail);
  const { upload_id: id, part_size, parts } = started;
  assert.equal(parts.length, 2);
  const params = { path: { id } };
  // A refusal's code tells what else it holds.
  const { error: early } = await api.POST("/v1/uploads/{id}/finalize", { params, body: {} });
  assert(early?.code === "parts_missing", early?.detail);
  assert.deepEqual(early.missing_parts, [[1, 2]]);
  const put = async ({ part_number, url, headers }: Part) => {
    const body = content.slice((part_number - 1) * part_size, part_number * part_size);
    assert.equal((await fetch(url, { method: "PUT", body, headers })).status, 200);
  };
  await Promise.all(parts.map(put));
  const { data: finished, error: why } = await api.POST("/v1/uploads/{id}/finalize", { params, body: {} });
  assert(finished, why?.detail);
  return finished;
}

for (const [send, size] of [
  [sendForm, 100_000],
  [sendParts, 6_000_000],
] as const) {
  const content = randomBytes(size);
  const { file_id: id, name } = await send(content);
  const params = { path: { id } };
  const { response } = await api.GET("/v1/files/{id}/content", { params, parseAs: "stream" });
  assert(content.equals(await response.bytes()));
  const { data: file } = await api.GET("/v1/files/{id}", { params });
  console.log(`${name} ${file?.size}`);
}
