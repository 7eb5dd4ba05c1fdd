import { ResponseType, type RestApi } from "aws-cdk-lib/aws-apigateway";
import type { ErrorMembers } from "#contract/error-members.ts";
import { type ErrorCode, errorCodes } from "#contract/errors.ts";
import { MAX_DIRECT_BYTES } from "#core/uploads/limits.ts";

/** API Gateway: 10 MB per request, not adjustable. */
const MAX_REQUEST_BYTES = 10_485_760;

interface RefusalWith<C extends ErrorCode> {
  readonly type: ResponseType;
  readonly code: C;
  readonly status: number;
  readonly detail: string;
  /** Further members of the problem. */
  readonly facts?: ErrorMembers<C>;
  /** Value of `Allow`. */
  readonly allow?: string;
}
type Refusal = { [C in ErrorCode]: RefusalWith<C> }[ErrorCode];

/** What API Gateway answers by itself, without asking a function. */
const refusals: readonly Refusal[] = [
  {
    type: ResponseType.REQUEST_TOO_LARGE,
    code: "payload_too_large",
    status: 413,
    // Said of Lambda's 6 MB too, which a form of 5 MB passes in base64.
    detail: `POST /v1/files/upload takes a file of ${MAX_DIRECT_BYTES} bytes, and one chunk has ${MAX_REQUEST_BYTES} at most; larger files go to the URLs of POST /v1/uploads.`,
    facts: {
      max_bytes: MAX_DIRECT_BYTES,
      max_chunk_bytes: MAX_REQUEST_BYTES,
      upload_path: "/v1/uploads",
    },
  },
  {
    type: ResponseType.THROTTLED,
    code: "rate_limited",
    status: 429,
    detail: "This deployment gets more requests than it allows; send it again after Retry-After.",
    facts: { retry_after_seconds: 1 },
  },
  {
    type: ResponseType.UNSUPPORTED_MEDIA_TYPE,
    code: "unsupported_media_type",
    status: 415,
    detail:
      // Said of every route: nothing here knows which it is.
      "A Content-Encoding is gzip or deflate, once, and the body is wholly in it. A body that is sent to …/chunks goes as application/octet-stream, or without a type.",
  },
  {
    // What API Gateway says of a path or a method that it lacks ("Missing Authentication Token": AWS re:Post,
    // "How do I troubleshoot API Gateway REST API endpoint 403 errors?"). Every path here leads to a function, by ANY,
    // which stands for seven methods: what is left are TRACE and those that it doesn't know.
    type: ResponseType.MISSING_AUTHENTICATION_TOKEN,
    code: "method_not_allowed",
    status: 405,
    detail: "No route takes this method. See GET /openapi.json.",
    // The same for every path: nothing here knows which. A function's own 405 has the path's methods.
    allow: "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
  },
  {
    type: ResponseType.RESOURCE_NOT_FOUND,
    code: "not_found",
    status: 404,
    detail: "There is no such route.",
  },
  {
    type: ResponseType.BAD_REQUEST_BODY,
    code: "invalid_request",
    status: 400,
    detail: "The body can't be read.",
  },
  {
    // What API Gateway makes of a function that Lambda throttles: all its environments are taken.
    type: ResponseType.API_CONFIGURATION_ERROR,
    code: "unavailable",
    status: 503,
    detail: "All that could answer this are busy; send it again after Retry-After.",
    facts: { retry_after_seconds: 1 },
  },
  {
    type: ResponseType.INTEGRATION_FAILURE,
    code: "unavailable",
    status: 503,
    // So do some reports of a function that Lambda throttles: nothing is lost by waiting a second either way.
    detail: "The request got no answer; send it again after Retry-After.",
    facts: { retry_after_seconds: 1 },
  },
  {
    type: ResponseType.INTEGRATION_TIMEOUT,
    code: "unavailable",
    status: 503,
    detail:
      "The request took longer than 29 s and may have had its effect; send it again after Retry-After, with its Idempotency-Key if it has one.",
    facts: { retry_after_seconds: 5 },
  },
  {
    type: ResponseType.DEFAULT_4XX,
    code: "invalid_request",
    status: 400,
    detail: "The request can't be read. See GET /openapi.json.",
  },
  {
    type: ResponseType.DEFAULT_5XX,
    code: "internal",
    status: 500,
    detail: "Send the request again; quote the request_id if it goes on.",
  },
];

/** Makes API Gateway's own answers problem+json (RFC 9457) like all others. */
export function addGatewayResponses(api: RestApi, corsOrigins: readonly string[]): void {
  // One fixed value is all that can stand here, so pages of several origins can't read these few answers.
  const [origin, ...others] = corsOrigins;
  for (const { type, code, status, detail, facts, allow } of refusals) {
    const problem = {
      type: `urn:wharf:problem:${code}`,
      title: errorCodes[code][1],
      status,
      detail,
      code,
      request_id: "$context.requestId",
      ...facts,
    };
    const { retry_after_seconds: retry } = { ...facts } as { retry_after_seconds?: number };
    const responseHeaders: Record<string, string> = {
      "Content-Type": "'application/problem+json'",
      "Cache-Control": "'no-store'",
      // The request's own header may be missing, and a mapping can't choose.
      "X-Request-ID": "context.requestId",
    };
    // RFC 9110, 15.5.6: Allow is a must.
    if (allow !== undefined) responseHeaders["Allow"] = `'${allow}'`;
    if (retry !== undefined) responseHeaders["Retry-After"] = `'${retry}'`;
    if (origin !== undefined && others.length === 0) {
      responseHeaders["Access-Control-Allow-Origin"] = `'${origin}'`;
      responseHeaders["Access-Control-Expose-Headers"] = "'Retry-After,X-Request-ID'";
    }
    api.addGatewayResponse(type.responseType, {
      type,
      statusCode: String(status),
      responseHeaders,
      templates: { "application/json": JSON.stringify(problem) },
    });
  }
}
