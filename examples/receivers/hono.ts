/**
 * A webhook receiver in Hono; it runs wherever Hono and node:crypto do.
 *
 *     WHARF_WEBHOOK_SECRET=whsec_…
 */
import { Hono } from "hono";
import { verifyWebhook, WebhookVerificationError } from "../../sdk/verify-webhook.ts";

/** Makes the receiver; `onEvent` hears of each event once. */
export function receiver(secret: string, onEvent: (event: { id: string; type: string }) => void): Hono {
  const app = new Hono();
  const seen = new Set<string>(); // deliveries are repeated when an answer gets lost

  app.post("/webhooks/wharf", async (context) => {
    // The bytes as they came: a JSON parser would not give them back.
    const body = new Uint8Array(await context.req.arrayBuffer());
    try {
      const event = verifyWebhook({ body, headers: context.req.raw.headers, secret }) as {
        id: string;
        type: string;
      };
      if (!seen.has(event.id)) {
        seen.add(event.id);
        onEvent(event);
      }
      return context.body(null, 204);
    } catch (error) {
      if (!(error instanceof WebhookVerificationError)) throw error;
      return context.text(error.code, 400);
    }
  });
  return app;
}
