/** What a client does to upload, in the words of the contract. */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { expect } from "vitest";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { startAnswer, uploadStatus } from "#core/uploads/contract.ts";
import { type Client, read, refusal } from "./world.ts";

export const MIB = 1_048_576;

type Json = Record<string, unknown>;
type Headers = Record<string, string>;

/** Sends bytes to a presigned URL. */
export const put = (url: string | undefined, body: Uint8Array | string, headers: Headers = {}) =>
  fetch(url ?? "", { method: "PUT", body, headers });

export const crcOf = (bytes: Uint8Array | string) => crc32(bytes).toString(16).padStart(8, "0");
export const shaOf = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

export type Uploader = ReturnType<typeof uploader>;

/** Uploads as `client` does. */
export function uploader(client: Pick<Client, "request">) {
  const start = (json: Json, headers: Headers = {}) =>
    read(startAnswer, client.request("/v1/uploads", { json, headers }));

  const finalize = (id: string, json: unknown = {}, headers: Headers = {}) =>
    client.request(`/v1/uploads/${id}/finalize`, { json, headers });

  const finish = (id: string, json: unknown = {}, headers: Headers = {}) =>
    read(finalizeAnswer, finalize(id, json, headers));

  /** Starts an upload and sends its bytes, in one PUT. */
  async function upload(filename: string, content: string | Uint8Array = "hello", json: Json = {}) {
    const session = await start({ filename, size: Buffer.byteLength(content), ...json });
    const [part] = session.parts;
    expect((await put(part?.url, content, part?.headers)).status).toBe(200);
    return session;
  }

  return {
    start,
    upload,
    finalize,
    finish,
    uploaded: async (filename: string, content?: string | Uint8Array, json?: Json) =>
      finish((await upload(filename, content, json)).upload_id),
    status: (id: string) => read(uploadStatus, client.request(`/v1/uploads/${id}`)),
    drop: (id: string) => client.request(`/v1/uploads/${id}`, { method: "DELETE" }),
    sign: (id: string, json: Json) => client.request(`/v1/uploads/${id}/parts`, { json }),
    /** Status and code with which a start is refused. */
    refusedStart: (json: Json) => refusal(client.request("/v1/uploads", { json })),
    refusedFinalize: (id: string, json: unknown = {}, headers: Headers = {}) =>
      refusal(finalize(id, json, headers)),
    /** The bytes that a file's content route leads to. */
    async download(fileId: string): Promise<Buffer> {
      const { headers } = await client.request(`/v1/files/${fileId}/content`);
      return Buffer.from(await (await fetch(headers.get("location") ?? "")).arrayBuffer());
    },
  };
}
