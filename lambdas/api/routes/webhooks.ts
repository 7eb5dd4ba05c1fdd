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
import { changeWebhook } from "#core/endpoints/change-webhook.ts";
import {
  changeWebhookRoute,
  deleteWebhookRoute,
  disableWebhookRoute,
  enableWebhookRoute,
  getWebhookRoute,
  listWebhooksRoute,
  promoteWebhookSecretRoute,
  registerWebhookRoute,
  rotateWebhookSecretRoute,
  testWebhookRoute,
} from "#core/endpoints/contract.ts";
import { deleteWebhook } from "#core/endpoints/delete-webhook.ts";
import { disableWebhook } from "#core/endpoints/disable-webhook.ts";
import { enableWebhook } from "#core/endpoints/enable-webhook.ts";
import { findWebhook } from "#core/endpoints/find-webhook.ts";
import { listWebhooks } from "#core/endpoints/list-webhooks.ts";
import { registerWebhook } from "#core/endpoints/register-webhook.ts";
import { promoteWebhookSecret, rotateWebhookSecret } from "#core/endpoints/rotate-webhook-secret.ts";
import { showWebhook } from "#core/endpoints/show-webhook.ts";
import { type TestDeps, testWebhook } from "#core/endpoints/test-webhook.ts";
import { eventTypesRoute } from "#core/events/contract.ts";
import type { WorkerDeps } from "#core/turns/deps.ts";
import { type App, serve } from "../serve.ts";

const answerWith = (status: number) => (body: unknown) => ({ status, body });

/** Endpoints and their deliveries. */
export function webhooks(app: App, deps: WorkerDeps & TestDeps): void {
  serve(app, deps, eventTypesRoute, async () => {
    const { eventCatalogue } = await import("../documents.ts");
    return { status: 200, body: { items: eventCatalogue() } };
  });

  serve(app, deps, registerWebhookRoute, async ({ body, call }) => {
    const answer = answerWith(201);
    return answer(await registerWebhook(deps, call, body, answer));
  });

  serve(app, deps, listWebhooksRoute, async ({ query, call }) => ({
    status: 200,
    body: await listWebhooks(deps, call, query),
  }));

  serve(app, deps, getWebhookRoute, async ({ params, call }) => ({
    status: 200,
    body: await showWebhook(deps, call, params.id),
  }));

  serve(app, deps, changeWebhookRoute, async ({ params, body, call }) => ({
    status: 200,
    body: await changeWebhook(deps, call, params.id, body),
  }));

  serve(app, deps, deleteWebhookRoute, async ({ params, call }) => {
    await deleteWebhook(deps, call, params.id);
    return { status: 204 };
  });

  serve(app, deps, disableWebhookRoute, async ({ params, call }) => ({
    status: 200,
    body: await disableWebhook(deps, call, params.id),
  }));

  serve(app, deps, enableWebhookRoute, async ({ params, body, call }) => ({
    status: 200,
    body: await enableWebhook(deps, call, params.id, body),
  }));

  serve(app, deps, testWebhookRoute, async ({ params, call }) => ({
    status: 200,
    body: await testWebhook(deps, call, await findWebhook(deps, call.caller, params.id)),
  }));

  serve(app, deps, rotateWebhookSecretRoute, async ({ params, body, call }) => {
    const answer = answerWith(200);
    return answer(await rotateWebhookSecret(deps, call, params.id, body, answer));
  });

  serve(app, deps, promoteWebhookSecretRoute, async ({ params, call }) => {
    await promoteWebhookSecret(deps, call, params.id);
    return { status: 204 };
  });

  serve(app, deps, listDeliveriesRoute, async ({ params, query, call }) => ({
    status: 200,
    body: await listDeliveries(deps, call, params.id, query),
  }));

  serve(app, deps, getDeliveryRoute, async ({ params, call }) => ({
    status: 200,
    body: await getDelivery(deps, call, params.id, params.delivery_id),
  }));

  serve(app, deps, redeliverRoute, async ({ params, call }) => {
    const answer = answerWith(202);
    const ids = { webhookId: params.id, deliveryId: params.delivery_id };
    return answer(await redeliver(deps, call, ids, answer));
  });

  serve(app, deps, recoverRoute, async ({ params, body, call }) => {
    const answer = answerWith(202);
    return answer(await startRecovery(deps, call, params.id, body, answer));
  });

  serve(app, deps, getRecoveryRoute, async ({ params, call }) => ({
    status: 200,
    body: await getRecovery(deps, call, params.id, params.job_id),
  }));
}
