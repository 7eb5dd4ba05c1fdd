/** Queues that survive `kill -9`: memory answers, SQLite keeps what was accepted. */
import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { JOURNAL } from "../data/journal.ts";
import { ENDLESS } from "../data/room.ts";
import type { ServiceOptions } from "../service-options.ts";
import { AwsError } from "../types.ts";
import { createQueueState, type Message, type QueueState } from "./queue.ts";
import { fromRow, SCHEMA } from "./rows.ts";

export interface QueueSpec {
  name: string;
  arn: string;
  /** Seconds. @default 0 */
  delaySeconds?: number;
  /** Seconds. @default 30 */
  visibilityTimeout?: number;
  /** Seconds. @default 345600 (4 days) */
  retentionSeconds?: number;
  /** Bytes. @default 1048576 */
  maximumMessageSize?: number;
  redrive?: { deadLetterTargetArn: string; maxReceiveCount: number };
}

export interface SendOptions {
  delaySeconds?: number | undefined;
  groupId?: string | undefined;
  /** JSON of the message attributes. */
  attributes?: string;
}

export interface Queue {
  spec: Required<Omit<QueueSpec, "redrive">> & Pick<QueueSpec, "redrive">;
  state: QueueState;
  listeners: Set<() => void>;
  cancelTimer: () => void;
}

export type QueueStore = ReturnType<typeof openQueueStore>;

/** Opens `sqs.sqlite` in `dir`, or a database in memory. */
export function openQueueStore({ clock, dir, room = ENDLESS }: ServiceOptions) {
  if (dir !== undefined) mkdirSync(dir, { recursive: true });
  const db = new DatabaseSync(dir === undefined ? ":memory:" : join(dir, "sqs.sqlite"));
  db.exec(`${JOURNAL} ${SCHEMA}`);
  const insert = db.prepare(
    "INSERT INTO messages (queue, message_id, body, attributes, group_id, sent_at, visible_at, receive_count, first_received_at, receipt) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, '')",
  );
  const change = db.prepare(
    "UPDATE messages SET visible_at = ?, receive_count = ?, first_received_at = ?, receipt = ? WHERE id = ?",
  );
  const erase = db.prepare("DELETE FROM messages WHERE id = ?");
  const move = db.prepare("UPDATE messages SET queue = ?, visible_at = ?, receipt = '' WHERE id = ?");
  const select = db.prepare("SELECT * FROM messages WHERE queue = ? ORDER BY id");
  const queues = new Map<string, Queue>();

  function createQueue(spec: QueueSpec): void {
    const existing = queues.get(spec.arn);
    const full = {
      delaySeconds: 0,
      visibilityTimeout: 30,
      retentionSeconds: 345_600,
      maximumMessageSize: 1_048_576,
      ...spec,
    };
    if (existing !== undefined) {
      existing.spec = full;
      return;
    }
    const queue: Queue = {
      spec: full,
      state: createQueueState(),
      listeners: new Set(),
      cancelTimer: () => {},
    };
    queues.set(spec.arn, queue);
    for (const row of select.all(spec.arn)) queue.state.add(fromRow(row));
    arm(queue);
  }

  function queue(arn: string): Queue {
    const found = queues.get(arn);
    if (found !== undefined) return found;
    throw new AwsError("QueueDoesNotExist", `The specified queue ${arn} does not exist.`);
  }

  /** Wakes the listeners now if something is visible, else when the next message becomes so. */
  function arm(target: Queue): void {
    target.cancelTimer();
    const next = target.state.nextVisible();
    target.cancelTimer = next === undefined ? () => {} : clock.at(next, () => ripen(target));
  }

  function ripen(target: Queue): void {
    target.state.depth(clock.now());
    arm(target);
    wake(target);
  }

  function wake(target: Queue): void {
    for (const listener of [...target.listeners]) listener();
  }

  function send(arn: string, body: string, options: SendOptions = {}): Message {
    const target = queue(arn);
    // An empty record of attributes is two characters, which SQS doesn't have.
    const bytes = Buffer.byteLength(body) + Buffer.byteLength(options.attributes ?? "{}") - 2;
    if (bytes > target.spec.maximumMessageSize) {
      throw new AwsError(
        "InvalidParameterValue",
        `One or more parameters are invalid. Reason: Message must be shorter than ${target.spec.maximumMessageSize} bytes.`,
      );
    }
    const now = clock.now();
    const visibleAt = now + (options.delaySeconds ?? target.spec.delaySeconds) * 1000;
    const message: Message = {
      id: 0,
      messageId: randomUUID(),
      body,
      attributes: options.attributes ?? "{}",
      group: options.groupId ?? "",
      sentAt: now,
      visibleAt,
      receiveCount: 0,
      firstReceivedAt: 0,
      receipt: "",
    };
    const { messageId, attributes, group } = message;
    const { lastInsertRowid } = room.commit(() =>
      insert.run(arn, messageId, body, attributes, group, now, visibleAt),
    );
    message.id = Number(lastInsertRowid);
    target.state.add(message);
    if (visibleAt <= now) wake(target);
    arm(target);
    return message;
  }

  function receive(
    arn: string,
    { max = 1, visibilityTimeout }: { max?: number; visibilityTimeout?: number | undefined } = {},
  ): Message[] {
    const target = queue(arn);
    const now = clock.now();
    const received: Message[] = [];
    while (received.length < max) {
      const [message] = target.state.take(now, 1);
      if (message === undefined) break;
      // One call never returns a message twice, even one that it leaves visible.
      message.visibleAt = now + Math.max(1, (visibilityTimeout ?? target.spec.visibilityTimeout) * 1000);
      message.receipt = randomUUID();
      // First of all: if what follows can't be written, the message comes back by itself.
      target.state.hold(message);
      if (message.sentAt + target.spec.retentionSeconds * 1000 <= now) {
        drop(target, message);
        continue;
      }
      const { redrive } = target.spec;
      if (redrive !== undefined && message.receiveCount >= redrive.maxReceiveCount) {
        bury(target, message, redrive.deadLetterTargetArn, now);
        continue;
      }
      message.receiveCount += 1;
      message.firstReceivedAt ||= now;
      save(message);
      received.push(message);
    }
    arm(target);
    return received;
  }

  function save({ visibleAt, receiveCount, firstReceivedAt, receipt, id }: Message): void {
    room.commit(() => change.run(visibleAt, receiveCount, firstReceivedAt, receipt, id));
  }

  function drop(target: Queue, message: Message): void {
    room.commit(() => erase.run(message.id));
    target.state.remove(message, clock.now());
  }

  function bury(from: Queue, message: Message, deadLetterArn: string, now: number): void {
    const target = queue(deadLetterArn);
    room.commit(() => move.run(deadLetterArn, now, message.id));
    from.state.remove(message, now);
    target.state.add({ ...message, visibleAt: now, receipt: "" });
    wake(target);
    arm(target);
  }

  return {
    createQueue,
    queue,
    send,
    receive,
    queues: () => [...queues.values()].map(({ spec }) => spec),
    /** Deletes by receipt handle; an unknown or old handle changes nothing, as in SQS. */
    delete(arn: string, receipt: string): void {
      const target = queue(arn);
      const message = target.state.byReceipt(receipt);
      if (message !== undefined && message.receipt === receipt) drop(target, message);
    },
    changeVisibility(arn: string, receipt: string, seconds: number): void {
      const target = queue(arn);
      const message = target.state.byReceipt(receipt);
      if (message === undefined || message.receipt !== receipt || message.visibleAt <= clock.now()) {
        throw new AwsError("MessageNotInflight", "The message is not in flight under this receipt handle.");
      }
      message.visibleAt = clock.now() + seconds * 1000;
      save(message);
      target.state.hold(message);
      if (seconds === 0) wake(target);
      arm(target);
    },
    /**
     * Makes what is in flight visible at once. That it was received still counts, but for one receive that is always
     * left: restarts alone must not make a dead letter. Returns how many messages there were.
     */
    release(arn: string): number {
      const target = queue(arn);
      const now = clock.now();
      const most = (target.spec.redrive?.maxReceiveCount ?? Number.POSITIVE_INFINITY) - 1;
      const held = [...target.state.all()].filter(
        ({ receipt, visibleAt }) => receipt !== "" && visibleAt > now,
      );
      for (const message of held) {
        message.visibleAt = now;
        message.receiveCount = Math.min(message.receiveCount, most);
        save(message);
        target.state.hold(message);
      }
      if (held.length > 0) wake(target);
      arm(target);
      return held.length;
    },
    purge(arn: string): void {
      const target = queue(arn);
      for (const message of [...target.state.all()]) drop(target, message);
      arm(target);
    },
    /** Calls `listener` whenever a message may have become visible; returns how to stop that. */
    onMessage(arn: string, listener: () => void): () => void {
      const target = queue(arn);
      target.listeners.add(listener);
      return () => target.listeners.delete(listener);
    },
    depth: (arn: string) => queue(arn).state.depth(clock.now()),
    close(): void {
      for (const { cancelTimer } of queues.values()) cancelTimer();
      db.close();
    },
  };
}
