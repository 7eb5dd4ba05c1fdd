import { type ErrorCode, errorCodes } from "#contract/errors.ts";

/** Facts beside `detail` that let the caller act: `missing_parts`, `retry_after_seconds`, `max_bytes` … */
export type Facts = Record<string, unknown>;

/**
 * The one error that reaches clients, answered as RFC 9457 problem+json.
 *
 * `detail` says what was wrong, what is allowed and what to do next. `headers` go out with the answer;
 * `retry_after_seconds` among the facts also becomes `Retry-After`.
 */
export class WharfError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly facts: Facts;
  readonly headers: Record<string, string>;

  constructor(
    code: ErrorCode,
    detail: string,
    facts: Facts = {},
    options: { cause?: unknown; headers?: Record<string, string> } = {},
  ) {
    super(detail, { cause: options.cause });
    this.name = "WharfError";
    this.code = code;
    this.status = errorCodes[code][0];
    this.facts = facts;
    const retry = facts["retry_after_seconds"];
    this.headers = {
      ...(typeof retry === "number" ? { "Retry-After": String(Math.ceil(retry)) } : {}),
      ...options.headers,
    };
  }
}

/** True for an error that Wharf raised on purpose with this code (any code when it is left out). */
export function isWharfError(error: unknown, code?: ErrorCode): error is WharfError {
  return error instanceof WharfError && (code === undefined || error.code === code);
}

/** The answer for what doesn't exist and for what the caller may not know of: the two look the same. */
export function notFound(what: string, id: string): WharfError {
  return new WharfError("not_found", `No ${what} ${JSON.stringify(id)} that this token can see.`);
}
