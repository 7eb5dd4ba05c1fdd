/** A client of the API as a stranger would write it, over HTTP alone. */
import type * as z from "zod";
import { tokenAnswer } from "#core/accounts/contract.ts";
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { type StartAnswer, startAnswer } from "#core/uploads/contract.ts";
import { checkProblem } from "./check-problem.ts";

export interface ApiInit {
  method?: string;
  json?: unknown;
  body?: RequestInit["body"];
  headers?: Record<string, string>;
  /** @default "manual": a redirect is an answer */
  redirect?: RequestInit["redirect"];
  /** `null`: sends no token. */
  token?: string | null;
}

export interface UploadOptions {
  filename: string;
  /** Further fields of the start. */
  start?: Record<string, unknown>;
  /** Body of finalize. */
  finalize?: Record<string, unknown>;
}

export type ApiClient = ReturnType<typeof createApiClient>;

/**
 * Talks to the API at `origin` with a client's id and secret; tokens are fetched as they are needed.
 *
 * @param now the cloud's time in epoch ms.
 * @param send makes the calls. @default fetch
 */
export function createApiClient({
  origin,
  clientId,
  clientSecret,
  now = Date.now,
  send = fetch,
}: {
  origin: string;
  clientId: string;
  clientSecret: string;
  now?: () => number;
  send?: (url: string, init: RequestInit) => Promise<Response>;
}) {
  let held: { token: string; until: number } | undefined;

  /** A token that works for another minute at least. */
  async function token(): Promise<string> {
    if (held !== undefined && held.until > now()) return held.token;
    const answer = await send(`${origin}/v1/auth/token`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ client_id: clientId, client_secret: clientSecret }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`no token: ${answer.status} ${text}`);
    const { access_token, expires_in } = tokenAnswer.parse(JSON.parse(text));
    held = { token: access_token, until: now() + (expires_in - 60) * 1_000 };
    return access_token;
  }

  /** Sends a request, by POST where it has a body and no method. A refusal is held to the contract. */
  async function api(path: string, init: ApiInit = {}): Promise<Response> {
    const { json, redirect = "manual" } = init;
    const body = json === undefined ? init.body : JSON.stringify(json);
    const bearer = init.token === undefined ? await token() : init.token;
    const method = methodOf(init);
    const answer = await send(path.startsWith("http") ? path : `${origin}${path}`, {
      method,
      redirect,
      ...(body === undefined ? {} : { body }),
      headers: {
        ...(bearer === null ? {} : { Authorization: `Bearer ${bearer}` }),
        ...(json === undefined ? {} : { "Content-Type": "application/json" }),
        ...init.headers,
      },
    });
    await checkProblem(answer, method, path);
    return answer;
  }

  /** A successful answer's body, checked against the contract. @throws Error with status and body of a refusal. */
  async function json<T>(schema: z.ZodType<T>, path: string, init: ApiInit = {}): Promise<T> {
    const answer = await api(path, init);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${methodOf(init)} ${path}: ${answer.status} ${text}`);
    return schema.parse(JSON.parse(text));
  }

  /** Starts an upload of `size` bytes. */
  const start = (filename: string, size: number, more: Record<string, unknown> = {}) =>
    json(startAnswer, "/v1/uploads", { json: { filename, size, ...more } });

  /** Start, every part, finalize. */
  async function upload(bytes: Uint8Array, { filename, start: more, finalize = {} }: UploadOptions) {
    const started = await start(filename, bytes.length, more);
    for (const part of started.parts) await putPart(started, part, bytes);
    return json(finalizeAnswer, `/v1/uploads/${started.upload_id}/finalize`, { json: finalize });
  }

  return { origin, token, api, json, start, upload };
}

/** POST where there is a body, unless the call says otherwise. */
function methodOf({ method, json, body }: ApiInit): string {
  return method ?? ((json ?? body) === undefined ? "GET" : "POST");
}

/** Sends one part of `bytes` to its presigned URL. @throws Error with S3's answer where it isn't 200. */
export async function putPart(
  { part_size }: Pick<StartAnswer, "part_size">,
  { part_number, url }: { part_number: number; url: string },
  bytes: Uint8Array,
): Promise<void> {
  const body = bytes.slice((part_number - 1) * part_size, part_number * part_size);
  const answer = await fetch(url, { method: "PUT", body });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`part ${part_number}: ${answer.status} ${text}`);
}

/** Posts a form as a browser does, fields first and the file last. @throws Error with S3's answer where it isn't 204. */
export async function postForm(
  { url = "", fields = {} }: Pick<StartAnswer, "url" | "fields">,
  content: string | Uint8Array<ArrayBuffer>,
): Promise<void> {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  body.set("file", new Blob([content]), "as it is called there");
  const answer = await fetch(url, { method: "POST", body });
  if (answer.status !== 204) throw new Error(`the form: ${answer.status} ${await answer.text()}`);
}
