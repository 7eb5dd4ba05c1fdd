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

const answerWith = (status: number) => (body: unknown) => ({ status, body });

/** Deliveries, and those that are sent again. */
export function deliveries(app: App, deps: WorkerDeps): void {
  serve(app, deps, {
    route: listDeliveriesRoute,
    handle: async ({ params, query, call }) => ({
      status: 200,
      body: await listDeliveries(deps, call, params.id, query),
    }),
  });

  serve(app, deps, {
    route: getDeliveryRoute,
    handle: async ({ params, call }) => ({
      status: 200,
      body: await getDelivery(deps, call, params.id, params.delivery_id),
    }),
  });

  serve(app, deps, {
    route: redeliverRoute,
    handle: async ({ params, call }) => {
      const answer = answerWith(202);
      const ids = { webhookId: params.id, deliveryId: params.delivery_id };
      return answer(await redeliver(deps, call, ids, answer));
    },
  });

  serve(app, deps, {
    route: recoverRoute,
    handle: async ({ params, body, call }) => {
      const answer = answerWith(202);
      return answer(await startRecovery(deps, call, params.id, body, answer));
    },
  });

  serve(app, deps, {
    route: getRecoveryRoute,
    handle: async ({ params, call }) => ({
      status: 200,
      body: await getRecovery(deps, call, params.id, params.job_id),
    }),
  });
}
