import { DEFAULT_EXPIRE_IN } from "#contract/common.ts";
import type { ErrorMembers } from "#contract/error-members.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { inHashPlace } from "#core/kernel/in-hash-place.ts";
import { verifyPassword } from "#core/links/password.ts";
import type { Intent, Outcome, Terms, UploadRecord } from "#core/uploads/records.ts";
import type { FinalizeRequest } from "./contract.ts";

/** What a finalize may ask for that a repeat has to ask for as well. */
/** What finalize may say of the link. */
export type LinkTerms = Pick<FinalizeRequest, "share" | "expire_in" | "max_downloads" | "password">;
export type AskedTerms = LinkTerms & Pick<FinalizeRequest, "checksum"> & { mayShare: boolean };

/** What a repeat may ask for otherwise. */
type Term = ErrorMembers<"terms_mismatch">["terms"][number];

type HashDeps = Pick<Deps, "table" | "now" | "config">;

/** What is kept of a finalize that went through, with what was said at the start or by nobody. */
export function termsOf(intent: Intent, upload: Pick<UploadRecord, "expire_in">): Terms {
  const { share, declined, max_downloads, password_hash } = intent;
  if (!share) return { declined };
  return { expire_in: lifeOf(intent, upload), max_downloads, password_hash };
}

function lifeOf({ expire_in }: LinkTerms, upload: Pick<UploadRecord, "expire_in">): number | null {
  const asked = expire_in === undefined ? upload.expire_in : expire_in;
  return asked === undefined ? DEFAULT_EXPIRE_IN : asked;
}

/**
 * Refuses a repeated finalize that asks for something else than the one that went through: the first answer would tell
 * its client that it was done. Of a link that the caller may not know of, its terms tell nothing either.
 *
 * @throws WharfError terms_mismatch
 */
export async function requireSameTerms(
  deps: HashDeps,
  upload: Pick<UploadRecord, "client_id" | "expire_in" | "terms">,
  outcome: Outcome,
  { asked, knows }: { asked: AskedTerms; knows: boolean },
): Promise<void> {
  // None of a session that was finalized before they were kept.
  if (upload.terms === undefined) return;
  const { share_id } = outcome;
  const link =
    share_id === null
      ? wantsLink(upload.terms, asked)
      : knows
        ? await otherLink(deps, upload, upload.terms, asked)
        : [];
  const terms: Term[] = [...link, ...(differsFrom(outcome, asked) ? (["checksum"] as const) : [])];
  if (terms.length === 0) return;
  throw new WharfError(
    "terms_mismatch",
    `The upload was finalized with another ${terms.join(" and ")}, which stands. Repeat that request for its answer; for a link on other terms POST /v1/files/${outcome.file_id}/shares.`,
    { terms, file_id: outcome.file_id, version_id: outcome.version_id },
  );
}

/** Where none was made: by any word of one, or by saying nothing where the first request said no. */
function wantsLink(
  { declined }: Terms,
  { share, expire_in, max_downloads, password, mayShare }: AskedTerms,
): Term[] {
  if (share === false) return [];
  const said = share === true || [expire_in, max_downloads, password].some((term) => term !== undefined);
  return said || (declined === true && mayShare) ? ["share"] : [];
}

/** Where one was made: what of it the repeat doesn't ask for. */
async function otherLink(
  deps: HashDeps,
  upload: Pick<UploadRecord, "client_id" | "expire_in">,
  made: Terms,
  asked: LinkTerms,
): Promise<Term[]> {
  if (asked.share === false) return ["share"];
  const differs: [Term, boolean][] = [
    ["expire_in", lifeOf(asked, upload) !== made.expire_in],
    ["max_downloads", asked.max_downloads !== made.max_downloads],
    ["password", !(await samePassword(deps, upload.client_id, asked.password, made.password_hash))],
  ];
  return differs.flatMap(([name, other]) => (other ? [name] : []));
}

/** By the hash that the link keeps too: slow to guess, and no other trace of a password is stored. */
async function samePassword(
  deps: HashDeps,
  client: string,
  password: string | undefined,
  hash: string | undefined,
): Promise<boolean> {
  if (password === undefined || hash === undefined) return password === hash;
  return inHashPlace(deps, { client }, () => verifyPassword(password, hash));
}

/** Whether a checksum is declared that the file doesn't have, or that nobody has compared with its bytes. */
function differsFrom(outcome: Outcome, { checksum = {} }: AskedTerms): boolean {
  const { crc32, crc32c, sha256 } = checksum;
  const pairs = [
    [crc32, outcome.crc32],
    [crc32c, outcome.crc32c],
    [sha256, outcome.sha256],
  ];
  return pairs.some(([declared, known]) => declared !== undefined && declared !== known);
}
