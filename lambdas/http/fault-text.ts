import type * as z from "zod";

/** What the validator calls the kinds of values, as people call them. */
const KINDS: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  file: "a part with a file name and bytes",
  int: "a whole number",
  null: "null",
  number: "a number",
  object: "an object",
  record: "an object",
  string: "text",
};

/** The same of texts that have a form of their own. */
const FORMS: Readonly<Record<string, string>> = {
  datetime: "a time as RFC 3339 writes it, such as 2026-01-01T00:00:00Z",
};

/** `Too big: expected string to have <=512 characters` */
const BOUND = /^Too (?:big|small): expected \w+ to /;

/** What is wrong with a value, in this API's words; the validator's own are for who writes a schema. */
export function faultText(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_key") {
    return `is no name that a field may have here: ${issue.issues.map(faultText).join("; ")}`;
  }
  const forms = /^Invalid discriminator value. Expected (.+)$/.exec(issue.message)?.[1];
  if (forms !== undefined) return `must be one of ${forms.replaceAll(" | ", ", ")}`;
  if (/^Too (big|small): /.test(issue.message)) return issue.message.replace(BOUND, "must ");
  // A schema's own words stand.
  if (!issue.message.startsWith("Invalid ")) return issue.message;
  if (issue.code === "invalid_format")
    return issue.format === "regex"
      ? `must match ${issue.pattern}`
      : `must be ${FORMS[issue.format] ?? issue.format}`;
  if (issue.code !== "invalid_type")
    return issue.message === "Invalid input"
      ? "is of none of the forms that it may have"
      : issue.message.replace(/^Invalid \w+: (?:expected|must be)/, "must be");
  const received = /received (\w+)$/.exec(issue.message)?.[1];
  const missing = received === "undefined" ? "is missing: it " : "";
  const named = received === "File" ? ", in a part without a file name" : "";
  return `${missing}must be ${KINDS[issue.expected] ?? issue.expected}${named}`;
}
