import {
  getDeliveryRoute,
  getRecoveryRoute,
  listDeliveriesRoute,
  recoverRoute,
  redeliverRoute,
} from "#core/delivery/contract.ts";
import { getDelivery, listDeliveries } from "#core/delivery/list-deliveries.ts";
import { getRecovery, startRecovery } from "#core/delivery/recover.ts";
import { redeliver } from "#core/delivery/redeliver.ts";
import type { WorkerDeps } from "#core/turns/deps.ts";
import type { App } from "#http/context.ts";
import { serve } from "#http/serve.ts";

/** Deliveries, and those that are sent again. */
export function deliveries(app: App, deps: WorkerDeps): void {
  serve(app, deps, {
    route: listDeliveriesRoute,
    handle: async ({ params, query, call }) => ({ body: await listDeliveries(deps, call, params.id, query) }),
  });

  serve(app, deps, {
    route: getDeliveryRoute,
    handle: async ({ params, call }) => ({
      body: await getDelivery(deps, call, params.id, params.delivery_id),
    }),
  });

  serve(app, deps, {
    route: redeliverRoute,
    handle: async ({ params, call }) => {
      const ids = { webhookId: params.id, deliveryId: params.delivery_id };
      return { body: await redeliver(deps, call, ids) };
    },
  });

  serve(app, deps, {
    route: recoverRoute,
    handle: async ({ params, body, call }) => ({ body: await startRecovery(deps, call, params.id, body) }),
  });

  serve(app, deps, {
    route: getRecoveryRoute,
    handle: async ({ params, call }) => ({ body: await getRecovery(deps, call, params.id, params.job_id) }),
  });
}
