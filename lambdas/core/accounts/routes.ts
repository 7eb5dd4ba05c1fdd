import { note } from "#aws/log.ts";
import { id } from "#contract/common.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { isUrlencoded, readJson, readUrlencoded } from "#http/body.ts";
import { check } from "#http/check.ts";
import type { App, AppContext } from "#http/context.ts";
import { send } from "#http/send.ts";
import { answerAt } from "#http/wire.ts";
import { tokenForm, tokenRequest } from "./contract.ts";
import { issueToken, TokenError, type TokenRequest } from "./issue-token.ts";

/** `POST /v1/auth/token`: errors keep RFC 6749's shape (5.2), not problem+json. */
export function tokens(app: App, deps: TableDeps): void {
  answerAt(app, { method: "POST", path: "/v1/auth/token" }, async (context) => {
    try {
      const request = await readRequest(context);
      // Whoever mixes the two up sends the secret as the id.
      if (id("cli").safeParse(request.clientId).success) note({ client: request.clientId });
      return send({ status: 200, body: await issueToken(deps, request) });
    } catch (error) {
      const { status, code, message } = asTokenError(error);
      note({ code });
      return send({
        status,
        body: { error: code, error_description: message },
        // RFC 6749, 5.2: a client that authenticated by header is answered with a matching challenge.
        headers: status === 401 ? { "WWW-Authenticate": 'Basic realm="wharf", charset="UTF-8"' } : {},
      });
    }
  });
}

/** A body that can't be read is refused in this endpoint's shape too. */
function asTokenError(error: unknown): TokenError {
  if (error instanceof TokenError) return error;
  if (error instanceof WharfError && error.status < 500) return invalid(error.message);
  throw error;
}

async function readRequest(context: AppContext): Promise<TokenRequest> {
  const isForm = isUrlencoded(context.req.header("content-type"));
  const { client_id, client_secret, grant_type, scope } = isForm
    ? // RFC 6749, 3.2: no parameter comes twice.
      check(tokenForm, await readUrlencoded(context), "body")
    : check(tokenRequest, await readJson(context), "body");
  if (grant_type !== undefined && grant_type !== "client_credentials") {
    throw new TokenError("unsupported_grant_type", "Only grant_type=client_credentials is supported.");
  }
  const basic = readBasic(context.req.header("authorization"));
  if (basic !== undefined) {
    // RFC 6749, 2.3: one way of authenticating per request.
    if (client_secret !== undefined)
      throw invalid("Credentials came in the header and in the body; send them once.");
    if (client_id !== undefined && client_id !== basic.clientId)
      throw invalid("Header and body name two clients.");
    return { ...basic, scope };
  }
  if (client_id === undefined || client_secret === undefined)
    throw invalid("client_id and client_secret are needed.");
  return { clientId: client_id, clientSecret: client_secret, scope };
}

/** RFC 6749, 2.3.1: id and secret are form-encoded before they are joined. */
function readBasic(header: string | undefined): { clientId: string; clientSecret: string } | undefined {
  if (header === undefined || !/^Basic\b/i.test(header)) return undefined;
  const [, encoded] = /^Basic +([A-Za-z0-9+/=_-]+)$/i.exec(header) ?? [];
  if (encoded === undefined)
    throw new TokenError("invalid_client", "The Basic credentials are not base64 of id and secret.");
  const [id = "", ...rest] = Buffer.from(encoded, "base64").toString("utf8").split(":");
  try {
    return { clientId: decodeURIComponent(id), clientSecret: decodeURIComponent(rest.join(":")) };
  } catch {
    throw invalid("The Basic credentials are not form-encoded.");
  }
}

function invalid(message: string): TokenError {
  return new TokenError("invalid_request", message);
}
