import { ofWorkspace } from "#core/access/resource.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import type { App } from "#http/context.ts";
import { serve } from "#http/serve.ts";
import {
  evaluatePolicyRoute,
  getOrganizationPolicyRoute,
  getWorkspacePolicyRoute,
  listOrganizationPolicyRoute,
  listWorkspacePolicyRoute,
  putOrganizationPolicyRoute,
  putWorkspacePolicyRoute,
} from "./contract.ts";
import { evaluatePolicy } from "./evaluate-policy.ts";
import { showPolicy } from "./find-policy.ts";
import { listPolicyVersions } from "./list-policy-versions.ts";
import { policyTag } from "./policy-view.ts";
import { setPolicy } from "./set-policy.ts";

const byId = ({ id }: { id: string }) => id;

/** Policies. */
export function policies(app: App, deps: TableDeps): void {
  serve(app, deps, {
    route: getOrganizationPolicyRoute,
    organization: byId,
    headers: policyTag,
    handle: async ({ params }) => ({ body: await showPolicy(deps, params.id) }),
  });

  serve(app, deps, {
    route: putOrganizationPolicyRoute,
    organization: byId,
    headers: policyTag,
    handle: async ({ params, body, headers, call }) => ({
      body: await setPolicy(deps, call, { of: params.id, rules: body, ifMatch: headers["If-Match"] }),
    }),
  });

  serve(app, deps, {
    route: listOrganizationPolicyRoute,
    organization: byId,
    handle: async ({ params, query }) => ({ body: await listPolicyVersions(deps, params.id, query) }),
  });

  serve(app, deps, {
    route: getWorkspacePolicyRoute,
    resource: ofWorkspace,
    headers: policyTag,
    handle: async ({ params }) => ({ body: await showPolicy(deps, params.id) }),
  });

  serve(app, deps, {
    route: putWorkspacePolicyRoute,
    resource: ofWorkspace,
    headers: policyTag,
    handle: async ({ params, body, headers, call }) => ({
      body: await setPolicy(deps, call, { of: params.id, rules: body, ifMatch: headers["If-Match"] }),
    }),
  });

  serve(app, deps, {
    route: listWorkspacePolicyRoute,
    resource: ofWorkspace,
    handle: async ({ params, query }) => ({ body: await listPolicyVersions(deps, params.id, query) }),
  });

  serve(app, deps, {
    route: evaluatePolicyRoute,
    handle: async ({ body, call }) => ({ body: await evaluatePolicy(deps, call, body) }),
  });
}
