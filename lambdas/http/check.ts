import * as z from "zod";
import { WharfError } from "#core/kernel/error.ts";
import { faultText } from "./fault-text.ts";

/**
 * Validates `value`; a failure says where (`pointer`), what was wrong and what is allowed.
 *
 * @throws WharfError `invalid_authorization_details` where that member is no good; `unknown_field` where a field isn't known, whatever else is wrong; else `invalid_request`.
 */
export function check<T>(
  schema: z.ZodType<T>,
  value: unknown,
  where: "path" | "query" | "header" | "body",
): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const restriction = parsed.error.issues.find(({ path: [member] }) => member === "authorization_details");
  if (restriction !== undefined) throw notUnderstood(restriction);
  const unknown: Fault[] = [];
  const others: Fault[] = [];
  for (const issue of parsed.error.issues) {
    if (issue.code !== "unrecognized_keys") {
      others.push({ pointer: pointer(issue.path), detail: faultText(issue) });
      continue;
    }
    for (const key of issue.keys) {
      unknown.push({ pointer: pointer([...issue.path, key]), detail: "is not a known field" });
    }
  }
  const all = [...unknown, ...others];
  const errors = all.slice(0, MAX_FAULTS);
  const more = all.length > errors.length ? ` And ${all.length - errors.length} more.` : "";
  const facts = { in: where, errors };
  const detail = errors.map((fault) => `${fault.pointer || "it"}: ${fault.detail}`).join("; ");
  if (unknown.length === 0)
    throw new WharfError("invalid_request", `The ${where} is not valid. ${detail}${more}`, facts);
  const known =
    schema instanceof z.ZodObject ? ` Known: ${Object.keys(schema.shape).join(", ") || "none"}.` : "";
  throw new WharfError("unknown_field", `The ${where} is not valid. ${detail}.${more}${known}`, facts);
}

/** RFC 9396, 5: what of a restriction isn't understood has a code of its own, whichever route it comes to. */
function notUnderstood(issue: z.core.$ZodIssue): WharfError {
  const [, index] = issue.path;
  const detail =
    issue.code === "unrecognized_keys" ? `${issue.keys.join(", ")}: not known` : faultText(issue);
  return new WharfError(
    "invalid_authorization_details",
    `${pointer(issue.path)}: ${detail}`,
    typeof index === "number" ? { index } : {},
  );
}

interface Fault {
  pointer: string;
  detail: string;
}

/** Faults that one answer tells of; a body can have a hundred thousand. */
const MAX_FAULTS = 20;

/** A field's name may be as long as its body. */
const MAX_POINTER = 200;

/** RFC 6901, as a URI fragment would carry it but without the `#`. */
function pointer(path: readonly PropertyKey[]): string {
  const whole = path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
  return whole.length > MAX_POINTER ? `${whole.slice(0, MAX_POINTER)}…` : whole;
}
