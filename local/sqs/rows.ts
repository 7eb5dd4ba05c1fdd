/** Messages as SQLite keeps them. */
import type { Message } from "./queue.ts";

export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, message_id TEXT NOT NULL, body TEXT NOT NULL,
    attributes TEXT NOT NULL, group_id TEXT NOT NULL, sent_at INTEGER NOT NULL, visible_at INTEGER NOT NULL,
    receive_count INTEGER NOT NULL, first_received_at INTEGER NOT NULL, receipt TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS messages_by_queue ON messages (queue);
`;

/** Reads a row of `messages`. */
export function fromRow(row: Record<string, unknown>): Message {
  return {
    id: Number(row["id"]),
    messageId: String(row["message_id"]),
    body: String(row["body"]),
    attributes: String(row["attributes"]),
    group: String(row["group_id"]),
    sentAt: Number(row["sent_at"]),
    visibleAt: Number(row["visible_at"]),
    receiveCount: Number(row["receive_count"]),
    firstReceivedAt: Number(row["first_received_at"]),
    receipt: String(row["receipt"]),
  };
}
