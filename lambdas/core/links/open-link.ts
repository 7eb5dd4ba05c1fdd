import { keys } from "#aws/keys.ts";
import type { SignedUrl } from "#aws/signer.ts";
import { hintedKeys } from "#core/access/hints.ts";
import { knownOpen } from "#core/access/standing.ts";
import { type FileRecord, isStanding } from "#core/files/records.ts";
import { type SignOptions, signDownload } from "#core/files/sign-download.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { type AskedPart, asDecided, askedPart, type Ranged } from "./asked-part.ts";
import { LINK_URL_SECONDS } from "./contract.ts";
import { countDownload, requireLeft } from "./count-download.ts";
import { linkGone } from "./link-gone.ts";
import { linkedFile } from "./linked-file.ts";
import { type LinkRecord, linkRecord } from "./records.ts";
import { linkState } from "./share-view.ts";
import { tryPassword, wrongPassword } from "./try-password.ts";

/**
 * A link as its page shows it. The file stays unknown until the password is given. Uses nothing up.
 *
 * @throws WharfError not_found, link_gone.
 */
export async function viewLink(
  deps: Pick<Deps, "table" | "objects" | "config" | "now">,
  token: string,
): Promise<{ link: LinkRecord; file: FileRecord }> {
  const { link, seen } = await readLink(deps, token);
  const shown = live(link, deps.now());
  return { link: shown, file: present(await linkedFile(deps, shown, seen)) };
}

export interface Opening extends Ranged {
  token: string;
  password?: string | undefined;
  requestId: string;
  /** Where the request came from (`sourceOf`). */
  source?: string | undefined;
  /** A HEAD looks without counting as a download; its URL is good for a HEAD only. */
  method: "GET" | "HEAD";
}

/**
 * Opens a link: the download is counted, with `link_accessed`, before the URL is signed, unless it goes on with one
 * that the same source began (`countDownload`).
 *
 * Two round trips in the root of a workspace of which a link was opened before: the link, then the count beside the read of
 * the file, which a range waits for: its place depends on the file's size; three where the count waits for the folders above,
 * or for the workspace; one more where an old version from before versions had names is judged. A password is tried in
 * between. A token is looked up by its hash, so that a guess takes as long whatever it has in common with a
 * real one.
 *
 * @returns a presigned URL of at most 60 s that never outlives the link, and the link as it is afterwards.
 * @throws WharfError not_found, link_gone, wrong_password, rate_limited, password_limit, conflict.
 */
export async function openLink(
  deps: Deps,
  { token, password, requestId, range, ifRange, source, method }: Opening,
): Promise<SignedUrl & { link: LinkRecord; file: FileRecord }> {
  const { link: stored, seen } = await readLink(deps, token);
  const link = live(stored, deps.now(), true);
  const reading = linkedFile(deps, link, seen);
  let judged: Promise<AskedPart> | undefined;
  const part = async () => {
    if (range === undefined) return "whole";
    judged ??= askedPart(deps, { range, ifRange }, present(await reading));
    return judged;
  };
  // A download finds out what is left as it counts.
  if (method === "HEAD" || link.password !== undefined) {
    // What a dead link says, it says to everybody; so it costs no try either.
    present(await reading);
    await requireLeft(deps, link, { token, source, part: await part() });
    await unlock(deps, link, { token, password, source });
  }
  const count = async () => countDownload(deps, link, { token, requestId, source, part: await part() });
  // The count itself finds out whether the file is there; but a folder above it may be gone, or the workspace, or that was
  // handed over without links.
  const workspace = knownOpen(link.workspace_id, seen);
  if (link.above?.length !== 0 || workspace === undefined || workspace.links_from !== undefined)
    present(await reading);
  const [read, counted] = await Promise.all([reading, method === "GET" ? count() : undefined]);
  const file = present(read);
  // Where downloads are limited, a part is counted or free as the very one that was asked for.
  const bound = link.max_downloads !== undefined && counted !== undefined && (await part()) !== "whole";
  const headers = bound ? asDecided({ range, ifRange }) : {};
  const signed = await signUntil(deps, file, { method, headers, until: link.expires_ms });
  return { ...signed, file, link: { ...link, downloads: link.downloads + (counted === true ? 1 : 0) } };
}

/** The link, and with it the workspace that it led to before. */
async function readLink({ table }: Pick<Deps, "table">, token: string) {
  const { pk, sk } = keys.link(token);
  const items = await table.batchGet([{ pk, sk }, ...hintedKeys(pk)]);
  const stored = items.find((item) => item["pk"] === pk);
  return { link: stored === undefined ? undefined : linkRecord.parse(stored), seen: items };
}

/** Has the password of a link that has one tried. */
async function unlock(
  deps: Deps,
  link: LinkRecord,
  { token, password, source }: Pick<Opening, "token" | "password" | "source">,
): Promise<void> {
  if (link.password === undefined) return;
  if (password === undefined) throw wrongPassword();
  await tryPassword(deps, link, { token, password, source });
}

/** A URL of at most 60 s that has run out at `until` (ms, a whole second). */
async function signUntil(
  deps: Pick<Deps, "objects" | "now">,
  file: FileRecord,
  { until, ...options }: Omit<SignOptions, "seconds"> & { until: number },
): Promise<SignedUrl> {
  const second = () => Math.floor(deps.now() / 1000);
  for (;;) {
    const start = second();
    const left = Math.floor(until / 1000) - start;
    if (left < 1) throw linkGone("expired");
    const signed = await signDownload(deps, file, { ...options, seconds: Math.min(LINK_URL_SECONDS, left) });
    // S3 counts from the URL's date, in whole seconds: had the next one begun meanwhile, it would outlive the link.
    if (second() === start) return signed;
  }
}

/** @param usedUp whether a link that was used up passes: a download that it counted may go on. */
function live(link: LinkRecord | undefined, now: number, usedUp = false): LinkRecord {
  if (link === undefined)
    throw new WharfError("not_found", "There is no such link. Check that it is complete.");
  const state = linkState(link, now);
  if (state !== "active" && !(usedUp && state === "used_up")) throw linkGone(state);
  return link;
}

function present(file: FileRecord | undefined): FileRecord {
  if (!isStanding(file)) throw linkGone("deleted");
  return file;
}
