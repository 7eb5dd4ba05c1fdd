import { createHash } from "node:crypto";
import { MAX_DIRECT_BYTES } from "#contract/uploads.ts";
import { WharfError } from "#core/error.ts";
import type { AppContext } from "./serve.ts";

/** Room for the other fields and the boundaries. */
const MAX_FORM_BYTES = MAX_DIRECT_BYTES + 65_536;

/**
 * The fields of a `multipart/form-data` body, and what tells one such request from another: boundaries differ from one
 * try to the next, so the bytes as they came don't.
 *
 * @throws WharfError payload_too_large, unsupported_media_type, invalid_request.
 */
export async function readForm(context: AppContext): Promise<{ body: unknown; fingerprint: unknown }> {
  const type = context.req.header("content-type") ?? "";
  if (!/^multipart\/form-data\s*(;|$)/i.test(type)) {
    throw new WharfError(
      "unsupported_media_type",
      `The body is ${type || "of no type"}; this route takes multipart/form-data.`,
    );
  }
  if (!/;\s*boundary=/i.test(type)) {
    throw new WharfError(
      "invalid_request",
      "The Content-Type has no boundary. Leave the header out: what makes the form also sets it.",
    );
  }
  const bytes = await context.req.arrayBuffer();
  if (bytes.byteLength > MAX_FORM_BYTES) throw tooLarge(bytes.byteLength);
  const body: Record<string, File | string> = {};
  const fingerprint: Record<string, unknown> = {};
  for (const [name, value] of await parse(bytes, type)) {
    if (Object.hasOwn(body, name)) throw new WharfError("invalid_request", `The field ${name} came twice.`);
    body[name] = value;
    if (typeof value === "string") fingerprint[name] = value;
    else if (value.size > MAX_DIRECT_BYTES) throw tooLarge(value.size);
    else fingerprint[name] = [value.name, value.type, await digest(value)];
  }
  return { body, fingerprint };
}

async function parse(bytes: ArrayBuffer, type: string): Promise<FormData> {
  try {
    return await new Response(bytes, { headers: { "Content-Type": type } }).formData();
  } catch (cause) {
    throw new WharfError("invalid_request", "The body is not valid multipart/form-data.", {}, { cause });
  }
}

async function digest(file: Blob): Promise<string> {
  return createHash("sha256")
    .update(await file.bytes())
    .digest("hex");
}

function tooLarge(bytes: number): WharfError {
  return new WharfError(
    "payload_too_large",
    `One request takes a file of ${MAX_DIRECT_BYTES} bytes; this has ${bytes}. Start it with POST /v1/uploads and send the bytes to the URLs that it answers.`,
    { max_bytes: MAX_DIRECT_BYTES, upload_path: "/v1/uploads" },
  );
}
