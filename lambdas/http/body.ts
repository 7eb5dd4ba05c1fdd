import { repeatedMember } from "#contract/repeated-member.ts";
import { WharfError } from "#core/kernel/error.ts";
import type { AppContext } from "./context.ts";
import { decodeHandedOn, decodePercent } from "./utf8.ts";

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
    throw notTaken(type, "application/json");
  }
  const text = decodeHandedOn(bytes, {
    what: "The body",
    code: "invalid_json",
    instead: "If you mean U+FFFD itself, write it as \\ufffd.",
  });
  const body = parseBody(text);
  const repeated = repeatedMember(text);
  if (repeated !== undefined) {
    const name = JSON.stringify(repeated.slice(0, MAX_POINTER));
    throw new WharfError("invalid_json", `The body names ${name} twice in one object; send it once.`);
  }
  refuseUntold(body);
  return body;
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : "it can't be read";
    throw new WharfError("invalid_json", `The body is not JSON in UTF-8: ${why}`, {}, { cause });
  }
}

/**
 * Refuses what would not come out as it went in, anywhere in a body: `__proto__` as a name, which zod leaves out of
 * records in silence, and by which whoever copies an object name by name sets its prototype; and halves of characters
 * (RFC 7493, 2.1), which UTF-8 can't hold. @throws WharfError unknown_field, invalid_request.
 */
function refuseUntold(body: unknown): void {
  // By hand, since a body may be nested deeper than the stack.
  const left: { value: unknown; pointer: string }[] = [{ value: body, pointer: "" }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { value, pointer } = next;
    if (typeof value === "string" && !value.isWellFormed()) throw halved(pointer);
    if (typeof value !== "object" || value === null) continue;
    if (Object.hasOwn(value, "__proto__")) {
      const errors = [{ pointer: `${pointer}/__proto__`, detail: "is not a known field" }];
      throw new WharfError(
        "unknown_field",
        `The body is not valid. ${pointer}/__proto__ is no name to use.`,
        {
          in: "body",
          errors,
        },
      );
    }
    for (const [name, inner] of Object.entries(value)) {
      // Past this depth the place needs no telling.
      const longer = pointer.length < MAX_POINTER ? `${pointer}/${name.slice(0, MAX_POINTER)}` : pointer;
      left.push({ value: inner, pointer: longer });
    }
  }
}

const MAX_POINTER = 100;

function halved(pointer: string): WharfError {
  const detail = "has an unpaired surrogate, half of a character; send both halves or none";
  return new WharfError("invalid_request", `The body is not valid. ${pointer || "/"} ${detail}.`, {
    in: "body",
    errors: [{ pointer, detail }],
  });
}

/** A body of another type than `taken`. */
export function notTaken(type: string | undefined, taken: string): WharfError {
  return new WharfError(
    "unsupported_media_type",
    `The body is ${type || "of no type"}; this route takes ${taken}.`,
  );
}

/** Whether a `Content-Type` is that of a form without files. */
export function isUrlencoded(type: string | undefined): boolean {
  return type !== undefined && /^application\/x-www-form-urlencoded\s*(;|$)/i.test(type);
}

/** Forms hold a few short fields. */
const MAX_FORM_BYTES = 16_384;

/**
 * The fields of an urlencoded form; an empty body needs no type, and counts as a form without fields.
 *
 * @throws WharfError payload_too_large, unsupported_media_type, invalid_request, as for a field that came twice.
 */
export async function readUrlencoded(context: AppContext): Promise<Record<string, string>> {
  const fields = new Map<string, string>();
  for (const [name, value] of await readFields(context)) {
    // One of the two would be ignored.
    if (fields.has(name))
      throw new WharfError("invalid_request", `The field ${JSON.stringify(name.slice(0, 100))} came twice.`, {
        in: "body",
      });
    fields.set(name, value);
  }
  return Object.fromEntries(fields);
}

async function readFields(context: AppContext): Promise<[name: string, value: string][]> {
  const type = context.req.header("content-type");
  const bytes = new Uint8Array(await context.req.arrayBuffer());
  if (type === undefined && bytes.length === 0) return [];
  if (!isUrlencoded(type)) throw notTaken(type, "application/x-www-form-urlencoded");
  if (bytes.length > MAX_FORM_BYTES) {
    throw new WharfError("payload_too_large", `The form is larger than ${MAX_FORM_BYTES} bytes.`, {
      max_bytes: MAX_FORM_BYTES,
    });
  }
  const text = decodeHandedOn(bytes, { what: "The form", instead: "Percent-encode what isn't ASCII." });
  decodePercent(text, { what: "The form" });
  return [...new URLSearchParams(text)];
}
