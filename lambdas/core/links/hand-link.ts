import type { Write } from "#aws/table.ts";
import type { FileRecord } from "#core/files/records.ts";
import type { Owned } from "#core/kernel/rights.ts";
import { linkGone } from "./link-gone.ts";
import { type Held, turnOf } from "./link-holder.ts";
import { linkedFileChecks } from "./linked-file.ts";
import type { LinkRecord } from "./records.ts";

interface To {
  holder: string;
  file: Pick<FileRecord, "workspace_id" | "came_ms">;
  owned: Pick<Owned, "epoch">;
}

/**
 * The writes that hand a link over: it is its maker's no more, nor whose it was since. Its URL, password and limits stay. They
 * fail without a refusal where it was handed over, or its file moved, since both were read.
 *
 * That it hasn't expired is for the caller to check in the same transaction.
 *
 * @throws WharfError link_gone where it was revoked, or its file is gone.
 */
export function handLinkWrites(link: LinkRecord, { holder, file, owned }: To): Write[] {
  const { workspace_id, came_ms } = file;
  const turn = turnOf(link);
  const held: Held = { holder_id: holder, workspace_id, epoch: owned.epoch, came_ms, turn: turn + 1 };
  const sameTurn = turn === 0 ? "attribute_not_exists(#held)" : "#held.#turn = :turn";
  return [
    {
      key: { pk: link.pk, sk: link.sk },
      update: { set: { held } },
      condition: `attribute_not_exists(#revoked_at) AND ${sameTurn}`,
      values: turn === 0 ? {} : { turn },
      else: (item) => (item?.["revoked_at"] === undefined ? undefined : linkGone("revoked")),
    },
    ...linkedFileChecks(link, () => linkGone("deleted"), { in: workspace_id }),
  ];
}
