import type { Deps } from "#core/kernel/deps.ts";
import {
  createShareRoute,
  getShareRoute,
  listSharesRoute,
  revokeShareRoute,
  type Share,
} from "#core/links/contract.ts";
import { createShare } from "#core/links/create-share.ts";
import { listShares } from "#core/links/list-shares.ts";
import { revokeShare } from "#core/links/revoke-share.ts";
import { viewShare } from "#core/links/view-share.ts";
import { type App, serve } from "../serve.ts";

/** Links to files, as their makers see them. */
export function shares(app: App, deps: Pick<Deps, "table" | "config" | "now">): void {
  serve(app, deps, createShareRoute, async ({ params, body, call }) => {
    const answer = (share: Share) => ({ status: 201, body: share });
    return answer(await createShare(deps, call, params.id, body, answer));
  });

  serve(app, deps, listSharesRoute, async ({ params, query, call }) => ({
    status: 200,
    body: await listShares(deps, call, params.id, query),
  }));

  serve(app, deps, getShareRoute, async ({ params, call }) => ({
    status: 200,
    body: await viewShare(deps, call.caller, params.id),
  }));

  serve(app, deps, revokeShareRoute, async ({ params, call }) => {
    await revokeShare(deps, call.caller, params.id);
    return { status: 204 };
  });
}
