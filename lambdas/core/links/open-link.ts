import { keys } from "#aws/keys.ts";
import type { SignedUrl } from "#aws/signer.ts";
import { enforce } from "#core/access/enforce.ts";
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
import { underPolicy } from "./link-terms.ts";
import { type LinkedFile, linkedFile } from "./linked-file.ts";
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
  { token, member }: Pick<Opening, "token" | "member">,
): Promise<Opened> {
  const { link, seen } = await readLink(deps, token);
  const shown = live(link, deps.now());
  return permitted(deps, { link: shown, member }, await linkedFile(deps, shown, seen));
}

interface Opened {
  /** As the policy of now lets it live. */
  link: LinkRecord;
  file: FileRecord;
}

export interface Opening extends Ranged {
  token: string;
  password?: string | undefined;
  requestId: string;
  /** Where the request came from (`sourceOf`). */
  source?: string | undefined;
  /** Whether who opens it is a member of an organization: asked where a policy makes that matter. */
  member: (organization: string) => Promise<boolean>;
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
  { token, password, requestId, range, ifRange, source, method, member }: Opening,
): Promise<SignedUrl & Opened> {
  const { link: stored, seen } = await readLink(deps, token);
  const link = live(stored, deps.now(), true);
  const read = async () =>
    permitted(deps, { link, member, usedUp: true }, await linkedFile(deps, link, seen));
  const reading = read();
  let judged: Promise<AskedPart> | undefined;
  const part = async () => {
    if (range === undefined) return "whole";
    judged ??= askedPart(deps, { range, ifRange }, (await reading).file);
    return judged;
  };
  // A download finds out what is left as it counts.
  if (method === "HEAD" || link.password !== undefined) {
    // What a dead link says, it says to everybody; so it costs no try either.
    await reading;
    await requireLeft(deps, link, { token, source, part: await part() });
    await unlock(deps, link, { token, password, source });
  }
  const count = async () => countDownload(deps, link, { token, requestId, source, part: await part() });
  // The count itself finds out whether the file is there; but a folder above it may be gone, or the workspace, or that was
  // handed over without links, or has a policy.
  const workspace = knownOpen(link.workspace_id, seen);
  const isPlain = workspace?.links_from === undefined && workspace?.policy === undefined;
  if (link.above?.length !== 0 || workspace === undefined || !isPlain) await reading;
  const [{ file, link: bounded }, counted] = await Promise.all([
    reading,
    method === "GET" ? count() : undefined,
  ]);
  // Where downloads are limited, a part is counted or free as the very one that was asked for.
  const bound = link.max_downloads !== undefined && counted !== undefined && (await part()) !== "whole";
  const headers = bound ? asDecided({ range, ifRange }) : {};
  const signed = await signUntil(deps, file, { method, headers, until: bounded.expires_ms });
  return { ...signed, file, link: { ...bounded, downloads: link.downloads + (counted === true ? 1 : 0) } };
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

/**
 * What a link leads to, for who opens it, with the link as the policy of its file lets it live.
 *
 * @throws WharfError link_gone, policy_denied.
 */
async function permitted(
  { now }: Pick<Deps, "now">,
  { link, member, usedUp = false }: { link: LinkRecord; member: Opening["member"]; usedUp?: boolean },
  found: LinkedFile | undefined,
): Promise<Opened> {
  if (found === undefined || !isStanding(found.file)) throw linkGone("deleted");
  const { file, owned } = found;
  const { policy } = owned;
  if (policy === undefined) return { link, file };
  const bounded = live(underPolicy(link, policy), now(), usedUp);
  const asksWho = policy["links.allow"] === "organization";
  enforce(policy, {
    action: "open_share",
    is_member: asksWho && (await member(owned.organization_id)),
  });
  return { link: bounded, file };
}
