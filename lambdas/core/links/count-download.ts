import { type Key, keys } from "#aws/keys.ts";
import { type Else, happened, TransactionFailed, type WriteGuard } from "#aws/table.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { ttl } from "#core/kernel/time.ts";
import type { AskedPart } from "./asked-part.ts";
import { LINK_RANGES, LINK_RESUME_SECONDS } from "./contract.ts";
import { linkGone } from "./link-gone.ts";
import { elsewhere, linkedFileChecks } from "./linked-file.ts";
import { type LinkRecord, type LinkStart, linkRecord, linkStartRecord } from "./records.ts";
import { linkState } from "./share-view.ts";

export interface AskedDownload {
  token: string;
  requestId: string;
  /** Where it came from (`sourceOf`); from nowhere nothing goes on. */
  source: string | undefined;
  part: AskedPart;
}

/** Counting and going on follow each other where requests of one source race; each round one of them is through. */
const ROUNDS = 4;

/**
 * Counts one download, with `link_accessed`, where the link is alive and its file there, all in the write.
 *
 * What goes on with a download that the same source began within the hour is not counted again: 50 ranges past the
 * first byte, and one from it where a range came first, as a download manager's parallel ones do. The whole is a
 * download of its own, whatever was before.
 *
 * @returns whether it was counted.
 * @throws WharfError link_gone; conflict where requests of one source outrun each other.
 */
export async function countDownload(
  deps: TableDeps,
  link: LinkRecord,
  asked: AskedDownload,
): Promise<boolean> {
  const start = startKey(asked);
  const usedUp = linkState(link, deps.now()) === "used_up";
  // Before the writes, whose failing costs as much as their success: a dead link is asked for without end.
  await requireLeft(deps, link, asked);
  let counts = !(asked.part === "later" || usedUp);
  let { workspace_id } = link;
  for (let round = 0; round < ROUNDS; round++) {
    if (start === undefined || asked.part === "whole" || counts) {
      const counted = await count(deps, { ...link, workspace_id }, { ...asked, start });
      if (counted === true) return true;
      if (counted !== false) {
        workspace_id = counted.is_in;
        continue;
      }
    } else if (await goOn(deps, link, { ...asked, start })) return false;
    counts = !counts;
  }
  throw new WharfError("conflict", "Other downloads by this link got in the way; send it again.", {
    retry_after_seconds: 1,
  });
}

/** @throws WharfError link_gone where a link is used up and its source has nothing to go on with. */
export async function requireLeft(
  deps: TableDeps,
  link: LinkRecord,
  asked: Pick<AskedDownload, "token" | "source" | "part">,
): Promise<void> {
  if (linkState(link, deps.now()) !== "used_up") return;
  const start = startKey(asked);
  if (start === undefined || !(await mayGoOn(deps, start, asked))) throw linkGone("used_up");
}

/** Where a source's started download is kept; none of one without an address. */
function startKey({ token, source }: Pick<AskedDownload, "token" | "source">): Key | undefined {
  return source === undefined ? undefined : keys.linkStart(token, source);
}

async function mayGoOn(
  { table, now }: TableDeps,
  key: Key,
  { part }: Pick<AskedDownload, "part">,
): Promise<boolean> {
  if (part === "whole") return false;
  const start = await table.get(linkStartRecord, key);
  if (start === undefined || start.started_ms <= since(now())) return false;
  return part === "later" ? start.ranges < LINK_RANGES : !start.begun;
}

/** False where the source may go on with what was counted before; or where the file is, which isn't where the link says. */
async function count(
  { table, now }: TableDeps,
  link: LinkRecord,
  { start, requestId, part }: AskedDownload & { start: Key | undefined },
): Promise<boolean | { is_in: string }> {
  const at = now();
  const { workspace_id } = link;
  const checks = linkedFileChecks(link, gone(at), { in: workspace_id });
  const begun: LinkStart = { started_ms: at, begun: part !== "later", ranges: 0 };
  const kept = { ttl: ttl(at + LINK_RESUME_SECONDS * 1000) };
  try {
    await table.transact([
      ...(start === undefined ? [] : [{ put: { ...start, ...begun, ...kept }, ...mayNotGoOn(at, part) }]),
      {
        key: { pk: link.pk, sk: link.sk },
        update: { set: { workspace_id }, add: { downloads: 1 } },
        condition: `${ALIVE} AND (attribute_not_exists(#max_downloads) OR #downloads < #max_downloads)`,
        values: { now: at },
        else: gone(at),
      },
      ...checks,
      eventWrite(at, {
        type: "link_accessed",
        request_id: requestId,
        workspace_id,
        file_id: link.file_id,
        share_id: link.share_id,
        actor: { type: "link", id: link.share_id },
        data: { max_downloads: link.max_downloads ?? null },
      }),
    ]);
    return true;
  } catch (error) {
    if (!(error instanceof TransactionFailed)) throw error;
    const is_in = elsewhere(error.failed.get(checks[0]), workspace_id);
    return is_in === undefined ? false : { is_in };
  }
}

/** False where the source has nothing to go on with. */
async function goOn(
  { table, now }: TableDeps,
  link: LinkRecord,
  { start, part }: AskedDownload & { start: Key },
): Promise<boolean> {
  const at = now();
  return happened(
    table.transact([
      { check: { pk: link.pk, sk: link.sk }, condition: ALIVE, values: { now: at }, else: gone(at) },
      ...linkedFileChecks(link, gone(at)),
      part === "later"
        ? {
            key: start,
            update: { add: { ranges: 1 } },
            condition: "#started_ms > :since AND #ranges < :most",
            values: { since: since(at), most: LINK_RANGES },
          }
        : {
            key: start,
            update: { set: { begun: true } },
            condition: "#started_ms > :since AND #begun <> :begun",
            values: { since: since(at) },
          },
    ]),
  );
}

const ALIVE = "#expires_ms > :now AND attribute_not_exists(#revoked_at)";
const since = (now: number) => now - LINK_RESUME_SECONDS * 1000;

/** What `goOn` asks for doesn't hold. */
function mayNotGoOn(at: number, part: AskedPart): WriteGuard {
  if (part === "whole") return { blind: "the whole is a download of its own, whatever was before" };
  const past = "attribute_not_exists(#pk) OR #started_ms <= :since";
  return part === "later"
    ? { condition: `${past} OR #ranges >= :most`, values: { since: since(at), most: LINK_RANGES } }
    : { condition: `${past} OR #begun = :begun`, values: { since: since(at), begun: true } };
}

/** Why a link leads nowhere, by its own record; with its file's, or none, it is gone with that. */
const gone =
  (now: number): Else =>
  (item) => {
    const current = linkRecord.safeParse(item);
    const state = current.success ? linkState(current.data, now) : "active";
    return linkGone(state === "active" ? "deleted" : state);
  };
