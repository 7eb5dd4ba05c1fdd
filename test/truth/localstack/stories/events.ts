/** What happens is told: by webhooks, by the event feed, and by S3 where no client finalized. */
import assert from "node:assert/strict";
import { Webhook } from "standardwebhooks";
import * as z from "zod";
import { event } from "#contract/events.ts";
import { eventLog } from "#core/events/contract.ts";
import { uploadStatus } from "#core/uploads/contract.ts";
import { bytesOf, sendPart } from "#test/aws-account/send-part.ts";
import { eventually } from "#test/support/eventually.ts";
import { type Received, startReceiver } from "#test/support/receiver.ts";
import type { Story } from "../story.ts";

const created = z.object({ webhook_id: z.string(), secret: z.string() });
const WAIT = { timeoutMs: 90_000 };
const LOOPBACK = "a function in a container reaches no receiver on this machine's loopback";

const webhook: Story = {
  name: "a webhook with a valid signature, again after an endpoint's 500",
  behaviours: ["eventbridge.patterns", "sqs.delay"],
  hereOnly: LOOPBACK,
  patienceMs: 180_000,
  async run({ api }) {
    // What happened just before is told of as well, and not to be held up.
    const isMine = ({ body }: Received) => body.includes("told.bin");
    const receiver = await startReceiver((res, one) => {
      const isFirst = isMine(one) && receiver.received.filter(isMine).length === 1;
      res.writeHead(isFirst ? 500 : 204).end();
    });
    try {
      const json = { url: receiver.url, events: ["upload_completed"] };
      const { webhook_id, secret } = await api.json(created, "/v1/webhooks", { json });
      const { file_id } = await api.upload(bytesOf(1_000), { filename: "told.bin" });
      const [one, two] = await receiver.until(2, isMine);
      assert(one && two);
      for (const { body, headers } of [one, two]) new Webhook(secret).verify(body, headers);
      assert.equal(one.body, two.body);
      const { type, file_id: told } = event.parse(JSON.parse(one.body));
      assert.deepEqual({ type, told }, { type: "upload_completed", told: file_id });
      await api.api(`/v1/webhooks/${webhook_id}`, { method: "DELETE" });
      return "verified by the library of standardwebhooks.com";
    } finally {
      await receiver.close();
    }
  },
};

const feed: Story = {
  name: "the event feed: a call that waits is answered by the next event",
  behaviours: ["apigateway.proxy"],
  async run({ api }) {
    let { next_cursor: after } = await api.json(eventLog, "/v1/events?after=latest");
    const waiting = (async () => {
      for (;;) {
        const path = `/v1/events?after=${encodeURIComponent(after)}&wait=20&type=upload_completed`;
        const { items, next_cursor } = await api.json(eventLog, path);
        // What happened just before may come first.
        const found = items.find((one) => one.file_id === fileId);
        if (found) return found;
        after = next_cursor;
      }
    })();
    const { file_id: fileId } = await api.upload(bytesOf(500), { filename: "feed.bin" });
    await waiting;
    return undefined;
  },
};

const killed: Story = {
  name: "a function killed in finalize: S3's event makes the file all the same",
  behaviours: ["eventbridge.object-created", "eventbridge.patterns"],
  hereOnly: "no function can be killed there at a given moment",
  async run({ api, companion }) {
    assert(companion);
    const bytes = bytesOf(4_000);
    const { upload_id, parts } = await api.start("killed.bin", bytes.length);
    const [part] = parts;
    assert(part);
    assert.equal((await sendPart(part, bytes)).status, 200);
    // S3 has the object; what makes it a file never arrives.
    companion.refuse((action, body) => {
      if (action !== "TransactWriteItems" || !body.includes(upload_id)) return false;
      companion.refuse(() => false);
      companion.kill("ApiFunction");
      return true;
    });
    const answer = await api.api(`/v1/uploads/${upload_id}/finalize`, { json: {} });
    assert(answer.status >= 500, `finalize: ${answer.status}`);
    await eventually(async () => {
      const { state } = await api.json(uploadStatus, `/v1/uploads/${upload_id}`);
      assert.equal(state, "completed");
    }, WAIT);
    return `its caller saw ${answer.status}`;
  },
};

const scheduled: Story = {
  name: "the sweep and the ingest are called each minute",
  behaviours: ["eventbridge.schedule"],
  hereOnly: "the functions' logs are elsewhere",
  async run({ companion }) {
    const has = (name: string) => companion?.logs().some((line) => line.includes(`"function":"${name}"`));
    await eventually(() => assert(has("sweep") && has("ingest")), WAIT);
    return undefined;
  },
};

export const events: readonly Story[] = [webhook, feed, killed, scheduled];
