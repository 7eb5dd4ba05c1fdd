import { errorCodes } from "#contract/errors.ts";
import type { WharfError } from "#core/kernel/error.ts";
import type { AppContext } from "./context.ts";

export const PROBLEM_TYPE = "application/problem+json";

/** RFC 9457 problem details of an error. @param status where it is answered with another than the error's own. */
export function problemBody(context: AppContext, error: WharfError, status = error.status) {
  return {
    type: `urn:wharf:problem:${error.code}`,
    title: errorCodes[error.code][1],
    status,
    detail: error.message,
    code: error.code,
    request_id: context.get("requestId"),
    ...error.facts,
  };
}
