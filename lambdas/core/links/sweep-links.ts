import { keys } from "#aws/keys.ts";
import { happened, type Item } from "#aws/table.ts";
import type { DueDeps, TableDeps } from "#core/kernel/deps.ts";
import { eachDue } from "#core/kernel/each-due.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso } from "#core/kernel/time.ts";
import { linkRecord } from "./records.ts";

const located = linkRecord.pick({ workspace_id: true });

/**
 * Tells of links that have expired: `link_expired`, once each, in the transaction that marks them as ended.
 *
 * The links died by themselves at their second; this only says so. Returns how many it told of.
 */
export function sweepLinks(deps: DueDeps): Promise<number> {
  return eachDue(deps, "link", (item) => endLink(deps, item));
}

async function endLink(deps: TableDeps, item: Item): Promise<boolean> {
  const { pk, sk, ...link } = linkRecord.parse(item);
  const now = deps.now();
  const [file] = await deps.table.batchGet([keys.node(link.file_id)]);
  const expired = {
    type: "link_expired",
    request_id: `sweep-${link.share_id}`,
    // A purged file's is where it was last opened.
    workspace_id: located.parse(file ?? link).workspace_id,
    file_id: link.file_id,
    share_id: link.share_id,
    actor: { type: "system", id: "sweep" },
    data: {
      expires_at: iso(link.expires_ms),
      downloads: link.downloads,
      max_downloads: link.max_downloads ?? null,
    },
  } as const;
  // False where it ended or was revoked since the index was written.
  return happened(
    deps.table.transact([
      {
        key: { pk, sk },
        update: { set: { ended_at: iso(now) }, remove: ["due_pk", "due_sk"] },
        // The index may be older than a download: what is told is what stands.
        condition:
          "#expires_ms <= :now AND #downloads = :downloads AND attribute_not_exists(#ended_at) AND attribute_not_exists(#revoked_at)",
        values: { now, downloads: link.downloads },
      },
      eventWrite(now, expired, link.expires_ms),
    ]),
  );
}
