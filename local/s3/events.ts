/** S3's events in the shape that EventBridge gets them. */
import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Room } from "../data/room.ts";
import { ACCOUNT, type AwsCall, REGION } from "../types.ts";
import type { Bucket } from "./buckets.ts";

const s3EventSchema = z.object({
  version: z.literal("0"),
  id: z.string(),
  "detail-type": z.enum(["Object Created", "Object Deleted"]),
  source: z.literal("aws.s3"),
  account: z.string(),
  time: z.string(),
  region: z.string(),
  resources: z.array(z.string()),
  detail: z.object({
    version: z.literal("0"),
    bucket: z.object({ name: z.string() }),
    object: z.object({
      key: z.string(),
      size: z.number().optional(),
      etag: z.string().optional(),
      sequencer: z.string(),
    }),
    "request-id": z.string(),
    requester: z.string(),
    "source-ip-address": z.string().optional(),
    reason: z.enum([
      ...["PutObject", "CompleteMultipartUpload", "CopyObject", "POST Object"],
      ...["DeleteObject", "Lifecycle Expiration"],
    ] as const),
    "deletion-type": z.literal("Permanently Deleted").optional(),
  }),
});

/** An event as EventBridge delivers it. Source: Amazon S3 User Guide, "EventBridge event message structure". */
export type S3Event = z.infer<typeof s3EventSchema>;
export type S3EventReason = S3Event["detail"]["reason"];

interface Change {
  /** None where S3 does it by itself. */
  call?: AwsCall;
  settings: Bucket;
  reason: S3EventReason;
  object: { key: string; size?: number; etag?: string };
}

export interface Events {
  /** Writes the event; call it inside the change's transaction, and `flush` after the commit. */
  record(change: Change): void;
  /** Hands over every event that is still here, oldest first; one that is refused stays for the next time. */
  flush(): void;
}

export interface EventsOptions {
  database: DatabaseSync;
  room: Pick<Room, "commit">;
  /** Epoch ms. */
  now(): number;
  deliver(event: S3Event): void;
  /** Told of what `deliver` threw. */
  onError(error: unknown): void;
}

/** An outbox of its own: an object that exists has had its event, also across a killed process. */
export function createEvents({ database, room, now, deliver, onError }: EventsOptions): Events {
  const insert = database.prepare("INSERT INTO events (id, event) VALUES (?, ?)");
  const pending = database.prepare("SELECT id, event FROM events ORDER BY id");
  const remove = database.prepare("DELETE FROM events WHERE id = ?");
  let last = 0n;

  /** Grows with every change, so that consumers can order the events of a key. */
  function nextSequencer(): string {
    const moment = BigInt(now()) << 16n;
    last = moment > last ? moment : last + 1n;
    return last.toString(16).toUpperCase().padStart(18, "0");
  }

  return {
    record({ call, settings, reason, object }) {
      if (!settings.eventBridgeEnabled) return;
      const deleted = reason === "DeleteObject" || reason === "Lifecycle Expiration";
      const sequencer = nextSequencer();
      const event: S3Event = {
        version: "0",
        id: randomUUID(),
        "detail-type": deleted ? "Object Deleted" : "Object Created",
        source: "aws.s3",
        account: ACCOUNT,
        time: new Date(now()).toISOString().replace(/\.\d+Z$/, "Z"),
        region: REGION,
        resources: [`arn:aws:s3:::${settings.name}`],
        detail: {
          version: "0",
          bucket: { name: settings.name },
          object: { ...object, sequencer },
          "request-id": call?.requestId ?? randomUUID(),
          requester: call === undefined ? "s3.amazonaws.com" : ACCOUNT,
          ...(call && { "source-ip-address": call.req.socket.remoteAddress ?? "127.0.0.1" }),
          reason,
          ...(deleted ? { "deletion-type": "Permanently Deleted" } : {}),
        },
      };
      insert.run(sequencer, JSON.stringify(event));
    },

    flush() {
      for (const { id, event } of pending.all()) {
        try {
          deliver(s3EventSchema.parse(JSON.parse(String(event))));
        } catch (error) {
          onError(error);
          return; // events of a key stay in order
        }
        room.commit(() => remove.run(id ?? null));
      }
    },
  };
}
