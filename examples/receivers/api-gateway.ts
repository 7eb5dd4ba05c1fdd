/**
 * A webhook receiver in a Lambda function behind API Gateway (REST or HTTP API, proxy integration).
 *
 * Elsewhere, copy sdk/verify-webhook.ts beside it and import it from there.
 */
import { verifyWebhook, WebhookVerificationError } from "../../sdk/verify-webhook.ts";

interface ProxyEvent {
  headers: Record<string, string | undefined>;
  body: string | null;
  isBase64Encoded: boolean;
}

const secret = process.env["WHARF_WEBHOOK_SECRET"] ?? "";

export async function handler({
  headers,
  body,
  isBase64Encoded,
}: ProxyEvent): Promise<{ statusCode: number }> {
  try {
    const bytes = Buffer.from(body ?? "", isBase64Encoded ? "base64" : "utf8");
    const event = verifyWebhook({ body: bytes, headers, secret });
    // Deliveries are repeated when an answer gets lost: a conditional put of event.id makes this happen once.
    console.log(JSON.stringify({ received: event.type, id: event.id }));
    return { statusCode: 204 };
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    return { statusCode: 401 };
  }
}
