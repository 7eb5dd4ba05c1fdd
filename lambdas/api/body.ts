import { WharfError } from "#core/error.ts";
import type { AppContext } from "./serve.ts";

/** JSON bodies hold names and numbers, never files. */
const MAX_JSON_BYTES = 1_048_576;

/** The body as JSON; an empty body counts as `{}`. @throws WharfError payload_too_large, invalid_json, unsupported_media_type. */
export async function readJson(context: AppContext): Promise<unknown> {
  const bytes = new Uint8Array(await context.req.arrayBuffer());
  if (bytes.length > MAX_JSON_BYTES) {
    throw new WharfError(
      "payload_too_large",
      `The JSON body has ${bytes.length} bytes; at most ${MAX_JSON_BYTES} are taken. Send files to the upload URLs.`,
      { max_bytes: MAX_JSON_BYTES },
    );
  }
  if (bytes.length === 0) return {};
  const type = context.req.header("content-type");
  if (type !== undefined && !/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type)) {
    throw new WharfError("unsupported_media_type", `The body is ${type}; this route takes application/json.`);
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : "not UTF-8";
    throw new WharfError("invalid_json", `The body is not JSON in UTF-8: ${why}`, {}, { cause });
  }
}

/** Forms hold a few short fields. */
const MAX_FORM_BYTES = 16_384;

/** The fields of an urlencoded form; of one that came twice the last. @throws WharfError payload_too_large, unsupported_media_type. */
export async function readForm(context: AppContext): Promise<Record<string, string>> {
  const type = context.req.header("content-type");
  if (type === undefined || !/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    throw new WharfError(
      "unsupported_media_type",
      `The body is ${type ?? "of no type"}; this route takes application/x-www-form-urlencoded.`,
    );
  }
  const text = await context.req.text();
  if (text.length > MAX_FORM_BYTES) {
    throw new WharfError("payload_too_large", `The form is larger than ${MAX_FORM_BYTES} bytes.`, {
      max_bytes: MAX_FORM_BYTES,
    });
  }
  return Object.fromEntries(new URLSearchParams(text));
}
