/** Problem details as `/openapi.json` shows them. */
import { problem } from "./common.ts";
import { errorExamples } from "./error-examples.ts";
import { allProblems } from "./error-members.ts";
import { type ErrorCode, errorCodes, isErrorCode } from "./errors.ts";
import { type Json, jsonSchema } from "./json-schema.ts";
import { problemName } from "./problem-with.ts";

/** A status's problems: one schema for each code, so that a client knows by `code` which members there are. */
export function problemsOf(codes: readonly ErrorCode[]): Json {
  const all = codes.map((code) => ({ $ref: `#/components/schemas/${problemName(code)}` }));
  return all.length === 1 ? { ...all[0] } : { oneOf: all };
}

/** The problem schemas that those lead to, and one of which nothing is said but what all of them have. */
export function problemSchemas(): Json {
  const byCode = [...allProblems.values()].map((schema) => jsonSchema(schema, "output").$defs);
  return Object.assign({ Problem: jsonSchema(problem, "output") }, ...byCode);
}

/** An example of each code. */
export function problemExamples(): Json {
  const examples = Object.keys(errorCodes)
    .filter(isErrorCode)
    .map((code) => {
      const [status, title] = errorCodes[code];
      const value = {
        type: `urn:wharf:problem:${code}`,
        title,
        status,
        detail: `${title}.`,
        code,
        request_id: "5b76bd1f-4bf5-4269-bf96-d9012fff56e3",
        ...errorExamples[code],
      };
      return [code, { summary: title, value }];
    });
  return Object.fromEntries(examples);
}
