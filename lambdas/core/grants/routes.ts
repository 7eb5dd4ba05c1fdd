import type { Resource } from "#core/access/resource.ts";
import { ofFile, ofFolder, ofWorkspace } from "#core/access/resource.ts";
import type { Call } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import type { App } from "#http/context.ts";
import { serve } from "#http/serve.ts";
import {
  explainFileAccessRoute,
  explainFolderAccessRoute,
  explainWorkspaceAccessRoute,
} from "./access-contract.ts";
import {
  endGrantRoute,
  getGrantRoute,
  grantOnFileRoute,
  grantOnFolderRoute,
  grantOnWorkspaceRoute,
  listFileGrantsRoute,
  listFolderGrantsRoute,
  listWorkspaceGrantsRoute,
} from "./contract.ts";
import { createGrant } from "./create-grant.ts";
import { deleteGrant } from "./delete-grant.ts";
import { explainAccess } from "./explain-access.ts";
import { listGrants } from "./list-grants.ts";
import { listMyGrants } from "./list-my-grants.ts";
import { listMyGrantsRoute, showMeRoute } from "./me-contract.ts";
import { showGrant } from "./show-grant.ts";
import { showMe } from "./show-me.ts";
import { type Spot, spotOf } from "./spot.ts";

/** Grants, and what they make of the caller's rights and others'. */
export function grants(app: App, deps: TableDeps): void {
  for (const [resource, create, list, explain] of [
    [ofWorkspace, grantOnWorkspaceRoute, listWorkspaceGrantsRoute, explainWorkspaceAccessRoute],
    [ofFolder, grantOnFolderRoute, listFolderGrantsRoute, explainFolderAccessRoute],
    [ofFile, grantOnFileRoute, listFileGrantsRoute, explainFileAccessRoute],
  ] as const) {
    serve(app, deps, {
      route: create,
      resource,
      wholeAccess: true,
      handle: async ({ params, body, call }) => ({
        body: await createGrant(deps, call, decidedSpot(call, resource, params), body),
      }),
    });

    serve(app, deps, {
      route: list,
      resource,
      handle: async ({ params, query, call }) => {
        const { inherited, ...page } = query;
        const spot = decidedSpot(call, resource, params);
        return { body: await listGrants(deps, call, spot, { ...page, inherited: inherited === "true" }) };
      },
    });

    serve(app, deps, {
      route: explain,
      reads: resource.reads,
      handle: async ({ params, query, call }) => ({
        body: await explainAccess(deps, call, resource.what(params), query.principal),
      }),
    });
  }

  serve(app, deps, {
    route: getGrantRoute,
    handle: async ({ params, call }) => ({ body: await showGrant(deps, call, params.id) }),
  });

  serve(app, deps, {
    route: endGrantRoute,
    handle: async ({ params, call }) => {
      await deleteGrant(deps, call, params.id);
    },
  });

  serve(app, deps, {
    route: showMeRoute,
    handle: async ({ call }) => ({ body: await showMe(deps, call.caller) }),
  });

  serve(app, deps, {
    route: listMyGrantsRoute,
    handle: async ({ query, call }) => ({ body: await listMyGrants(deps, call.caller, query) }),
  });
}

/** What the path names, of which it has been decided that it is there. */
function decidedSpot(
  { caller, ahead = [] }: Call,
  { what }: Resource<{ id: string }>,
  params: { id: string },
): Spot {
  const spot = spotOf(ahead, params.id, caller.id);
  if (spot === undefined) throw notFound(...what(params));
  return spot;
}
