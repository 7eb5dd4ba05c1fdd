import { type Key, keys } from "#aws/keys.ts";
import { type Table, TransactionFailed } from "#aws/table.ts";
import { LINK_URL_SECONDS, type ShareState } from "#contract/shares.ts";
import type { Deps } from "./deps.ts";
import { WharfError } from "./error.ts";
import { eventWrite } from "./event.ts";
import { linkedFile, linkedFileChecks } from "./linked-file.ts";
import { type FileRecord, type LinkRecord, linkRecord } from "./records.ts";
import { shareState } from "./share-view.ts";
import { signDownload } from "./sign-download.ts";
import { tryPassword, wrongPassword } from "./try-password.ts";

/**
 * A link as its page shows it. The file stays unknown until the password is given. Uses nothing up.
 *
 * @throws WharfError not_found, link_gone.
 */
export async function viewLink(
  deps: Pick<Deps, "table" | "now">,
  token: string,
): Promise<{ link: LinkRecord; file: FileRecord }> {
  const link = live(await deps.table.get(linkRecord, keys.link(token)), deps.now());
  return { link, file: present(await linkedFile(deps.table, link)) };
}

export interface Opening {
  token: string;
  password?: string | undefined;
  requestId: string;
  /** A HEAD looks without counting as a download; its URL is good for a HEAD only. */
  method: "GET" | "HEAD";
}

/**
 * Opens a link: the download is counted, with `link_accessed`, before the URL is signed.
 *
 * Two round trips: the link, then the count beside the read of the file. A token is looked up by its hash, so
 * that a guess takes as long whatever it has in common with a real one.
 *
 * @returns a presigned URL of at most 60 s that never outlives the link.
 * @throws WharfError not_found, link_gone, wrong_password, rate_limited.
 */
export async function openLink(
  deps: Deps,
  { token, password, requestId, method }: Opening,
): Promise<{ url: string; link: LinkRecord }> {
  const key = keys.link(token);
  const found =
    password === undefined ? await deps.table.get(linkRecord, key) : await tryPassword(deps, key, password);
  const link = live(found, deps.now());
  if (link.password !== undefined && password === undefined) throw wrongPassword();
  const [file] = await Promise.all([
    linkedFile(deps.table, link),
    method === "GET" ? countDownload(deps, link, requestId) : forgetTries(deps.table, link),
  ]);
  return { url: await signUntil(deps, present(file), { method, until: link.expires_ms }), link };
}

/** A URL of at most 60 s that has run out at `until` (ms, a whole second). */
async function signUntil(
  deps: Pick<Deps, "objects" | "now">,
  file: FileRecord,
  { method, until }: { method: "GET" | "HEAD"; until: number },
): Promise<string> {
  const second = () => Math.floor(deps.now() / 1000);
  for (;;) {
    const start = second();
    const left = Math.floor(until / 1000) - start;
    if (left < 1) throw linkGone("expired");
    const { url } = await signDownload(deps, file, { method, seconds: Math.min(LINK_URL_SECONDS, left) });
    // S3 counts from the URL's date, in whole seconds: had the next one begun meanwhile, it would outlive the link.
    if (second() === start) return url;
  }
}

/** Counts one download where the link is alive and its file there, all in the write. @throws WharfError link_gone */
async function countDownload(
  deps: Pick<Deps, "table" | "now">,
  link: LinkRecord,
  requestId: string,
): Promise<void> {
  const now = deps.now();
  try {
    await deps.table.transact([
      {
        key: { pk: link.pk, sk: link.sk },
        update: "ADD #downloads :one REMOVE #tried_passwords, #tried_ms",
        condition:
          "#expires_ms > :now AND attribute_not_exists(#revoked_at) AND (attribute_not_exists(#max_downloads) OR #downloads < #max_downloads)",
        values: { one: 1, now },
      },
      ...linkedFileChecks(link),
      eventWrite(now, {
        type: "link_accessed",
        request_id: requestId,
        workspace_id: link.workspace_id,
        file_id: link.file_id,
        share_id: link.share_id,
        actor: { type: "link", id: link.share_id },
        data: { max_downloads: link.max_downloads ?? null },
      }),
    ]);
  } catch (error) {
    if (!(error instanceof TransactionFailed)) throw error;
    const current = error.failed.has(0) ? linkRecord.safeParse(error.failed.get(0)) : undefined;
    throw linkGone(current?.success === true ? shareState(current.data, now) : "active");
  }
}

/** A right password gives back the tries that nothing delays. */
async function forgetTries(table: Table, link: LinkRecord): Promise<void> {
  if (link.tried_passwords === undefined) return;
  const key: Key = { pk: link.pk, sk: link.sk };
  await table.update({
    key,
    update: "REMOVE #tried_passwords, #tried_ms",
    condition: "attribute_exists(#pk)",
  });
}

function live(link: LinkRecord | undefined, now: number): LinkRecord {
  if (link === undefined)
    throw new WharfError("not_found", "There is no such link. Check that it is complete.");
  const state = shareState(link, now);
  if (state !== "active") throw linkGone(state);
  return link;
}

function present(file: FileRecord | undefined): FileRecord {
  if (file === undefined || file.deleted_at !== undefined) throw linkGone("active");
  return file;
}

/** 410. A link that is active by itself is gone with its file. */
function linkGone(state: ShareState): WharfError {
  const why = {
    active: "The file that this link led to has been deleted.",
    expired: "This link has expired.",
    revoked: "This link has been withdrawn by its owner.",
    used_up: "This link has been used as often as its owner allowed.",
  };
  return new WharfError("link_gone", `${why[state]} Ask its owner for a new one.`, {
    reason: state === "active" ? "deleted" : state,
  });
}
