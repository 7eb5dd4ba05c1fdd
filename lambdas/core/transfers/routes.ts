import type { Deps } from "#core/kernel/deps.ts";
import type { App } from "#http/context.ts";
import { serve } from "#http/serve.ts";
import { acceptClaim } from "./accept-claim.ts";
import {
  acceptClaimRoute,
  createTransferRoute,
  listTransfersRoute,
  revokeTransferRoute,
  showClaimRoute,
  showTransferRoute,
} from "./contract.ts";
import { createTransfer } from "./create-transfer.ts";
import { showTransfer } from "./find-transfer.ts";
import { listTransfers } from "./list-transfers.ts";
import { revokeTransfer } from "./revoke-transfer.ts";
import { showClaim } from "./show-claim.ts";

/** What is handed over. */
export function transfers(app: App, deps: Deps): void {
  serve(app, deps, {
    route: createTransferRoute,
    handle: async ({ body, call }) => ({ body: await createTransfer(deps, call, body) }),
  });

  serve(app, deps, {
    route: listTransfersRoute,
    handle: async ({ query, call }) => ({ body: await listTransfers(deps, call.caller, query) }),
  });

  serve(app, deps, {
    route: showTransferRoute,
    handle: async ({ params, call }) => ({ body: await showTransfer(deps, call, params.id) }),
  });

  serve(app, deps, {
    route: revokeTransferRoute,
    handle: async ({ params, call }) => {
      await revokeTransfer(deps, call, params.id);
    },
  });

  serve(app, deps, {
    route: showClaimRoute,
    handle: async ({ params, call }) => ({ body: await showClaim(deps, call, params.token) }),
  });

  serve(app, deps, {
    route: acceptClaimRoute,
    handle: async ({ params, body, call }) => ({
      body: await acceptClaim(deps, call, params.token, body),
    }),
  });
}
