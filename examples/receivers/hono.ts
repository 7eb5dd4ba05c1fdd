/**
 * A webhook receiver in Hono; it runs wherever Hono and node:crypto do.
 *
 *     WHARF_WEBHOOK_SECRET=whsec_…
 *
 * Elsewhere, copy sdk/verify-webhook.ts beside it and import it from there.
 */
import { Hono } from "hono";
import { verifyWebhook, WebhookVerificationError } from "../../sdk/verify-webhook.ts";

const KEPT = 10_000;

/** Makes the receiver; `onEvent` hears of each event once. */
export function receiver(secret: string, onEvent: (event: { id: string; type: string }) => void): Hono {
  const app = new Hono();
  const seen = new Set<string>(); // deliveries are repeated when an answer gets lost; the latest are kept

  app.post("/webhooks/wharf", async (context) => {
    // The bytes as they came: a JSON parser would not give them back.
    const body = new Uint8Array(await context.req.arrayBuffer());
    try {
      const event = verifyWebhook({ body, headers: context.req.raw.headers, secret });
      if (!seen.has(event.id)) {
        seen.add(event.id);
        const [oldest] = seen;
        if (seen.size > KEPT && oldest !== undefined) seen.delete(oldest);
        onEvent(event);
      }
      return context.body(null, 204);
    } catch (error) {
      if (!(error instanceof WebhookVerificationError)) throw error;
      return context.text(error.code, 401);
    }
  });
  return app;
}
