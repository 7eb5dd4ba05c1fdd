import { createHash } from "node:crypto";
import { WharfError } from "#core/kernel/error.ts";
import { MAX_DIRECT_BYTES } from "#core/uploads/limits.ts";
import { decodeBase64 } from "./base64.ts";
import { notTaken } from "./body.ts";
import type { AppContext } from "./context.ts";
import { decodeCharset, filenameOf, parametersOf } from "./disposition.ts";
import { boundaryOf, type FormPart, malformed, splitMultipart } from "./multipart.ts";
import { decodeUtf8 } from "./utf8.ts";

/** Room for the other fields and the boundaries. */
const MAX_FORM_BYTES = MAX_DIRECT_BYTES + 65_536;

/**
 * The fields of a `multipart/form-data` body, and what tells one such request from another: boundaries differ from one
 * try to the next, so the bytes as they came don't.
 *
 * @throws WharfError payload_too_large, unsupported_media_type, invalid_request.
 */
export async function readMultipart(context: AppContext): Promise<{ body: unknown; fingerprint: unknown }> {
  const type = context.req.header("content-type");
  if (type === undefined || !/^multipart\/form-data\s*(;|$)/i.test(type))
    throw notTaken(type, "multipart/form-data");
  const boundary = boundaryOf(type);
  if (boundary === undefined) {
    throw new WharfError(
      "invalid_request",
      "The Content-Type has no boundary. Leave the header out: what makes the form also sets it.",
    );
  }
  const bytes = Buffer.from(await context.req.arrayBuffer());
  if (bytes.length > MAX_FORM_BYTES) throw tooLarge(bytes.length);
  const userAgent = context.req.header("user-agent") ?? "";
  const fields = new Map<string, File | string>();
  const fingerprint = new Map<string, unknown>();
  for (const part of splitMultipart(bytes, boundary)) {
    const { name, value } = fieldOf(part, userAgent);
    if (fields.has(name)) throw new WharfError("invalid_request", `The field ${name} came twice.`);
    fields.set(name, value);
    if (typeof value === "string") fingerprint.set(name, value);
    else if (value.size > MAX_DIRECT_BYTES) throw tooLarge(value.size);
    else fingerprint.set(name, [value.name, typeAsSent(value), await digest(value)]);
  }
  return { body: Object.fromEntries(fields), fingerprint: Object.fromEntries(fingerprint) };
}

/** What a part says its type is. A File can't tell: it has it in lower case, parameters and all (File API, 3.1). */
const typesAsSent = new WeakMap<Blob, string>();

/** The media type of a form's file as its sender wrote it; `undefined` where its part has none. */
export function typeAsSent(file: Blob): string | undefined {
  return typesAsSent.get(file);
}

/** A part's field: a file where it has a file name, else text. */
function fieldOf(part: FormPart, userAgent: string): { name: string; value: File | string } {
  const header = part.headers.get("content-disposition");
  if (header === undefined)
    throw malformed(part.offset, "a part without Content-Disposition before its body");
  const said = { what: "The Content-Disposition of a part", from: header.offset };
  const parameters = parametersOf(decodeUtf8(header.value, said));
  const name = parameters.get("name");
  if (name === undefined) throw malformed(header.offset, "a part without a name");
  const { type, charset } = partType(part);
  const filename = filenameOf(parameters, userAgent, {
    what: `The file name of the field ${name}`,
    from: header.offset,
  });
  const body = decodeTransfer(part);
  if (filename !== undefined) {
    const file = new File([body], filename);
    if (type !== undefined) typesAsSent.set(file, type);
    return { name, value: file };
  }
  const text = decodeCharset(body, charset, { what: `The field ${name}`, from: part.offset });
  return { name, value: text };
}

/**
 * A part's media type, its parameters without quotes and in their case, which boundaries have; and the charset of its
 * text, UTF-8 where nothing says another (RFC 7578, 4.4 and 4.5).
 */
function partType(part: FormPart): { type?: string; charset: string } {
  const header = part.headers.get("content-type")?.value.toString("latin1").trim();
  if (header === undefined) return { charset: "utf-8" };
  const parameters = parametersOf(header);
  const rest = [...parameters].filter(([, value]) => /^[\w.+-]+$/.test(value));
  const type = [header.split(";", 1)[0]?.trim(), ...rest.map(([name, value]) => `${name}=${value}`)].join(
    "; ",
  );
  return { type, charset: parameters.get("charset") ?? "utf-8" };
}

/** RFC 7578, 4.7 deprecates transfer encodings; mail libraries still send them. */
function decodeTransfer({ headers, body, offset }: FormPart): Uint8Array {
  const encoding = headers.get("content-transfer-encoding")?.value.toString("latin1").trim().toLowerCase();
  if (encoding === undefined || ["binary", "8bit", "7bit"].includes(encoding)) return body;
  if (encoding === "base64") {
    // RFC 2045, 6.8: line breaks are no part of it, and other characters a sign of an error.
    const bytes = decodeBase64(body.toString("latin1").replace(/[\t\n\r ]/g, ""));
    if (bytes !== undefined) return bytes;
    throw malformed(
      offset,
      "a part that says base64 and isn't: 4 characters stand for 3 bytes, = fills up the last, and nothing follows; send bytes as they are, without Content-Transfer-Encoding",
    );
  }
  throw malformed(
    offset,
    `the Content-Transfer-Encoding ${JSON.stringify(encoding.slice(0, 40))}; send bytes as they are`,
  );
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
