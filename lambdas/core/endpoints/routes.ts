import type { WorkerDeps } from "#core/turns/deps.ts";
import type { App } from "#http/context.ts";
import { serve } from "#http/serve.ts";
import { changeWebhook } from "./change-webhook.ts";
import {
  changeWebhookRoute,
  deleteWebhookRoute,
  disableWebhookRoute,
  enableWebhookRoute,
  getWebhookRoute,
  listWebhooksRoute,
  registerWebhookRoute,
  testWebhookRoute,
} from "./contract.ts";
import { deleteWebhook } from "./delete-webhook.ts";
import { disableWebhook } from "./disable-webhook.ts";
import { enableWebhook } from "./enable-webhook.ts";
import { findWebhook } from "./find-webhook.ts";
import { listWebhooks } from "./list-webhooks.ts";
import { registerWebhook } from "./register-webhook.ts";
import { promoteWebhookSecret, rotateWebhookSecret } from "./rotate-webhook-secret.ts";
import { promoteWebhookSecretRoute, rotateWebhookSecretRoute } from "./secret-contract.ts";
import { showWebhook } from "./show-webhook.ts";
import { type TestDeps, testWebhook } from "./test-webhook.ts";

/** Endpoints. */
export function webhooks(app: App, deps: WorkerDeps & TestDeps): void {
  serve(app, deps, {
    route: registerWebhookRoute,
    handle: async ({ body, call }) => ({ body: await registerWebhook(deps, call, body) }),
  });

  serve(app, deps, {
    route: listWebhooksRoute,
    handle: async ({ query, call }) => ({ body: await listWebhooks(deps, call, query) }),
  });

  serve(app, deps, {
    route: getWebhookRoute,
    handle: async ({ params, call }) => ({ body: await showWebhook(deps, call, params.id) }),
  });

  serve(app, deps, {
    route: changeWebhookRoute,
    handle: async ({ params, body, call }) => ({ body: await changeWebhook(deps, call, params.id, body) }),
  });

  serve(app, deps, {
    route: deleteWebhookRoute,
    handle: async ({ params, call }) => {
      await deleteWebhook(deps, call, params.id);
    },
  });

  serve(app, deps, {
    route: disableWebhookRoute,
    handle: async ({ params, call }) => ({ body: await disableWebhook(deps, call, params.id) }),
  });

  serve(app, deps, {
    route: enableWebhookRoute,
    handle: async ({ params, body, call }) => ({ body: await enableWebhook(deps, call, params.id, body) }),
  });

  serve(app, deps, {
    route: testWebhookRoute,
    handle: async ({ params, call }) => ({
      body: await testWebhook(deps, call, await findWebhook(deps, call.caller, params.id)),
    }),
  });

  serve(app, deps, {
    route: rotateWebhookSecretRoute,
    handle: async ({ params, body, call }) => ({
      body: await rotateWebhookSecret(deps, call, params.id, body),
    }),
  });

  serve(app, deps, {
    route: promoteWebhookSecretRoute,
    handle: async ({ params, call }) => {
      await promoteWebhookSecret(deps, call, params.id);
    },
  });
}
