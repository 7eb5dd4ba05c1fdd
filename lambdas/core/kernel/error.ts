import type { ErrorMembers } from "#contract/error-members.ts";
import { type ErrorCode, errorCodes } from "#contract/errors.ts";

interface Options {
  cause?: unknown;
  headers?: Record<string, string>;
}

/** The facts of a code may be left out where none of them is required. */
type Rest<C extends ErrorCode> =
  Record<never, never> extends ErrorMembers<C>
    ? [facts?: ErrorMembers<C>, options?: Options]
    : [facts: ErrorMembers<C>, options?: Options];

/**
 * The one error that reaches clients, answered as RFC 9457 problem+json.
 *
 * `detail` says what was wrong, what is allowed and what to do next; the facts beside it, which let the caller act, are
 * those that `contract/error-members.ts` has for the code. `headers` go out with the answer; `retry_after_seconds`
 * among the facts also becomes `Retry-After`.
 */
export class WharfError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C;
  readonly status: number;
  readonly facts: ErrorMembers<C>;
  /** When another try may do, where the facts say it. */
  readonly retryAfterSeconds: number | undefined;
  readonly headers: Record<string, string>;

  constructor(code: C, detail: string, ...[facts, options = {}]: Rest<C>) {
    super(detail, { cause: options.cause });
    this.name = "WharfError";
    this.code = code;
    this.status = errorCodes[code][0];
    // Those that are left out are not required.
    this.facts = { ...facts } as ErrorMembers<C>;
    const seconds = (this.facts as { retry_after_seconds?: number }).retry_after_seconds;
    this.retryAfterSeconds = seconds;
    this.headers = {
      ...(seconds === undefined ? {} : { "Retry-After": String(seconds) }),
      ...options.headers,
    };
  }
}

/** True for an error that Wharf raised on purpose with this code (any code when it is left out). */
export function isWharfError<C extends ErrorCode = ErrorCode>(
  error: unknown,
  code?: C,
): error is WharfError<C> {
  return error instanceof WharfError && (code === undefined || error.code === code);
}

/** The answer for what doesn't exist and for what the caller may not know of: the two look the same. */
export function notFound(what: string, id: string): WharfError {
  return new WharfError("not_found", `No ${what} ${JSON.stringify(id)} that this token can see.`);
}
