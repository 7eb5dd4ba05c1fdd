// A webhook receiver in Express, for Node 20 or newer. Copy it and sdk/verify-webhook.mjs into a folder of their own.
//
//   npm init -y && npm install express
//   WHARF_WEBHOOK_SECRET=whsec_… node express.mjs
import express from "express";
import { verifyWebhook, WebhookVerificationError } from "./verify-webhook.mjs";

const secret = process.env.WHARF_WEBHOOK_SECRET;
if (!secret)
  throw new Error("WHARF_WEBHOOK_SECRET is not set: it is the `secret` that POST /v1/webhooks answers");
const app = express();
const seen = new Set(); // deliveries are repeated when an answer gets lost: do each id once, and keep the latest
const KEPT = 10_000;

// express.raw, not express.json: the signature is of the bytes as they came.
app.post("/webhooks/wharf", express.raw({ type: "*/*", limit: "64kb" }), (req, res) => {
  try {
    const event = verifyWebhook({
      body: req.body,
      headers: req.headers,
      secret,
    });
    if (!seen.has(event.id)) {
      seen.add(event.id);
      if (seen.size > KEPT) seen.delete(seen.values().next().value);
      if (event.type === "upload_completed") console.log("uploaded", event.file_id);
    }
    res.sendStatus(204);
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    res.status(401).send(error.code);
  }
});

app.listen(Number(process.env.PORT ?? 8080), "127.0.0.1");
