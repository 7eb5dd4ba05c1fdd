/** Shapes of what the table stores of transfers, checked at every read. Times are ISO strings unless named `_ms` or `ttl`. */
import * as z from "zod";
import { scope } from "#contract/scopes.ts";
import { madeByRecord } from "#core/access/records.ts";

export const transferRecord = z.object({
  transfer_id: z.string(),
  type: z.enum(["workspace", "folder", "file", "share", "organization"]),
  resource_id: z.string(),
  /** The workspace itself, or the one in which it stood; none of an organization. */
  workspace_id: z.string().optional(),
  /** Of a link: where its record is, to what it leads, and how often it had been handed over when it was offered. */
  link: z
    .object({
      pk: z.string(),
      sk: z.string(),
      file_id: z.string(),
      version_id: z.string().optional(),
      turn: z.number(),
    })
    .optional(),
  /** What it was called, and whose it was. */
  name: z.string(),
  organization_id: z.string(),
  /** The workspace's, or organization's, when it was offered: once that is handed over, no other transfer does it again. */
  epoch: z.number(),
  /** Which of its resource's places it has. */
  place: z.number(),
  residual_role: z.enum(["none", "viewer", "editor", "manager", "admin"]),
  /** See the contract. */
  keep: z.object({ shares: z.boolean(), webhooks: z.boolean() }),
  message: z.string().optional(),
  /** For whom it is: an address, as it is shown and as `emailAddress` compares it, or an organization. */
  to: z
    .object({
      email: z.string().optional(),
      address: z.string().optional(),
      organization: z.string().optional(),
    })
    .optional(),
  /** SHA-256 of its token. */
  hash: z.string(),
  created_at: z.string(),
  /** Whose right it is, and with which scopes and restriction it was made: it never does more. */
  made_by: madeByRecord,
  scopes: z.array(scope),
  /** It can be claimed no more from this moment on. */
  expires_ms: z.number(),
  ended_at: z.string().optional(),
  end_reason: z.enum(["claimed", "revoked"]).optional(),
  claimed_by: z.string().optional(),
  claimed_for: z.string().optional(),
});
export type TransferRecord = z.infer<typeof transferRecord>;

/** See `keys.transferPlace`. */
export const placeRecord = z.object({ transfer_id: z.string(), expires_ms: z.number() });
