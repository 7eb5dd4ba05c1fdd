import * as z from "zod";
import { note } from "#aws/log.ts";
import { id } from "#contract/common.ts";
import { authorizationDetails } from "#contract/roles.ts";
import type { Scope } from "#contract/scopes.ts";
import { type Call, requireSameScopes } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { isWharfError, WharfError } from "#core/kernel/error.ts";
import { parseJson } from "#core/kernel/parse-json.ts";
import { isUrlencoded, readJson, readUrlencoded } from "#http/body.ts";
import { check } from "#http/check.ts";
import type { App, AppContext } from "#http/context.ts";
import { send } from "#http/send.ts";
import { serve } from "#http/serve.ts";
import { answerAt } from "#http/wire.ts";
import { changeServiceClient } from "./change-service-client.ts";
import { addClientSecret, endClientSecret } from "./client-secrets.ts";
import {
  addClientSecretRoute,
  changeServiceClientRoute,
  createServiceClientRoute,
  endClientSecretRoute,
  getServiceClientRoute,
  listServiceClientsRoute,
} from "./clients-contract.ts";
import { ACCESS_TOKEN, grantTypes, tokenForm, tokenRequest } from "./contract.ts";
import { createKey } from "./create-key.ts";
import { createServiceClient } from "./create-service-client.ts";
import { type ExchangeRequest, exchangeToken } from "./exchange-token.ts";
import { showClient } from "./find-client.ts";
import { issueToken, TokenError, type TokenRequest } from "./issue-token.ts";
import { createKeyRoute, listKeysRoute } from "./keys-contract.ts";
import { listKeys } from "./list-keys.ts";
import { listOrganizationClients } from "./list-organization-clients.ts";
import { requireUnrestricted } from "./maker.ts";

/** `POST /v1/auth/token`: errors keep RFC 6749's shape (5.2), not problem+json. */
export function tokens(app: App, deps: TableDeps): void {
  answerAt(app, { method: "POST", path: "/v1/auth/token" }, async (context) => {
    try {
      const request = await readRequest(context);
      if ("subjectToken" in request) return send({ status: 200, body: await exchangeToken(deps, request) });
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
  if (isWharfError(error, "invalid_authorization_details"))
    return new TokenError("invalid_authorization_details", error.message);
  if (error instanceof WharfError && error.status < 500) return invalid(error.message);
  throw error;
}

type Asked = z.infer<typeof tokenRequest>;

async function readRequest(context: AppContext): Promise<TokenRequest | ExchangeRequest> {
  const asked = isUrlencoded(context.req.header("content-type"))
    ? // RFC 6749, 3.2: no parameter comes twice.
      fromForm(check(tokenForm, await readUrlencoded(context), "body"))
    : check(tokenRequest, await readJson(context), "body");
  const { grant_type = grantTypes.credentials } = asked;
  if (grant_type === grantTypes.exchange) return exchangeIn(asked);
  if (grant_type !== grantTypes.credentials)
    throw new TokenError(
      "unsupported_grant_type",
      `grant_type is ${Object.values(grantTypes).join(" or ")}; nothing else is supported.`,
    );
  return credentialsIn(asked, readBasic(context.req.header("authorization")));
}

const detailsIn = z.object({ authorization_details: authorizationDetails });

/** A form has `authorization_details` as the text of JSON. */
function fromForm({ authorization_details: text, ...rest }: z.infer<typeof tokenForm>): Asked {
  const { client_id, client_secret, grant_type, scope, expires_in } = rest;
  const { subject_token, subject_token_type, requested_token_type } = rest;
  const details =
    text === undefined ? {} : check(detailsIn, { authorization_details: parseJson(text) }, "body");
  return {
    ...{ client_id, client_secret, grant_type, scope, expires_in },
    ...{ subject_token, subject_token_type, requested_token_type },
    ...details,
  };
}

function exchangeIn(asked: Asked): ExchangeRequest {
  const { subject_token, subject_token_type, requested_token_type = ACCESS_TOKEN } = asked;
  if (subject_token === undefined || subject_token_type !== ACCESS_TOKEN)
    throw invalid(`subject_token and subject_token_type=${ACCESS_TOKEN} are needed.`);
  if (requested_token_type !== ACCESS_TOKEN)
    throw invalid(`requested_token_type is ${ACCESS_TOKEN}; no other is made.`);
  const { scope, authorization_details: details, expires_in: expiresIn } = asked;
  return { subjectToken: subject_token, scope, details, expiresIn };
}

/** @throws TokenError invalid_request where they come not at all, or twice. */
function credentialsIn(asked: Asked, basic: ReturnType<typeof readBasic>): TokenRequest {
  const { client_id, client_secret, scope, authorization_details: details } = asked;
  if ((asked.subject_token ?? asked.expires_in) !== undefined)
    throw invalid(`subject_token and expires_in are for grant_type=${grantTypes.exchange}.`);
  if (basic !== undefined) {
    // RFC 6749, 2.3: one way of authenticating per request.
    if (client_secret !== undefined)
      throw invalid("Credentials came in the header and in the body; send them once.");
    if (client_id !== undefined && client_id !== basic.clientId)
      throw invalid("Header and body name two clients.");
    return { ...basic, scope, details };
  }
  if (client_id === undefined || client_secret === undefined)
    throw invalid("client_id and client_secret are needed.");
  return { clientId: client_id, clientSecret: client_secret, scope, details };
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

/** An answer that holds a secret goes again to none but a token that could have got it. */
async function replay(recorded: unknown, { caller }: Call, lacking: readonly Scope[]): Promise<unknown> {
  requireSameScopes(lacking);
  requireUnrestricted(caller);
  return recorded;
}

/** Service clients, their secrets, and API keys; what ends them is `revocation`'s. */
export function clients(app: App, deps: TableDeps): void {
  serve(app, deps, {
    route: createServiceClientRoute,
    replay,
    handle: async ({ body, call }) => ({ body: await createServiceClient(deps, call, body) }),
  });

  serve(app, deps, {
    route: listServiceClientsRoute,
    handle: async ({ query, call }) => ({ body: await listOrganizationClients(deps, call, query) }),
  });

  serve(app, deps, {
    route: getServiceClientRoute,
    handle: async ({ params, call }) => ({ body: await showClient(deps, call, params.id) }),
  });

  serve(app, deps, {
    route: changeServiceClientRoute,
    handle: async ({ params, body, call }) => ({
      body: await changeServiceClient(deps, call, params.id, body),
    }),
  });

  serve(app, deps, {
    route: addClientSecretRoute,
    replay,
    handle: async ({ params, body, call }) => ({ body: await addClientSecret(deps, call, params.id, body) }),
  });

  serve(app, deps, {
    route: endClientSecretRoute,
    handle: async ({ params, call }) => {
      await endClientSecret(deps, call, params);
    },
  });

  serve(app, deps, {
    route: createKeyRoute,
    replay,
    handle: async ({ body, call }) => ({ body: await createKey(deps, call, body) }),
  });

  serve(app, deps, {
    route: listKeysRoute,
    handle: async ({ query, call }) => ({ body: await listKeys(deps, call, query) }),
  });
}
