import { enforce } from "#core/access/enforce.ts";
import { iso, NO_END_MS } from "#core/kernel/time.ts";
import type { RuleId } from "#core/policy/contract.ts";
import { DEFAULTS } from "#core/policy/effective.ts";
import { ttlOf } from "#core/policy/links-ttl.ts";
import type { Values } from "#core/policy/rule.ts";
import type { LinkRecord } from "./records.ts";

export interface AskedTerms {
  /** Seconds; `null`: without an end. */
  expire_in?: number | null | undefined;
  max_downloads?: number | undefined;
  password?: string | undefined;
}

/** What a link gets. */
export interface LinkLife {
  /** Seconds; `null`: it has no end. */
  ttl_seconds: number | null;
  /** The rule that has shortened it. */
  clamped_by?: RuleId | undefined;
}

/**
 * What a link gets of what was asked for, by the policy of where its file is.
 *
 * @throws WharfError policy_denied
 */
export function linkLife(
  policy: Values | undefined,
  { expire_in, max_downloads, password }: AskedTerms,
): LinkLife {
  const asked = {
    action: "create_share",
    ...{ expire_in, has_password: password !== undefined, has_max_downloads: max_downloads !== undefined },
  } as const;
  const { clamp } = enforce(policy, asked);
  return { ttl_seconds: ttlOf(policy ?? DEFAULTS, asked, clamp), clamped_by: clamp?.rule };
}

/** When (ms) a link ends that is made now: a whole second, as presigned URLs count, so that neither outlives the other. */
export const endAfter = (now: number, seconds: number | null): number =>
  seconds === null ? NO_END_MS : (Math.floor(now / 1000) + seconds) * 1000;

/** A moment as the API shows a link's end. */
export const shownEnd = (expires_ms: number): string | null =>
  expires_ms >= NO_END_MS ? null : iso(expires_ms);

/** What an answer says of a link that was shortened. */
export const saidClamp = (expires_at: string | null, rule: string | undefined) =>
  rule === undefined || expires_at === null ? {} : { clamped: { expires_at, rule } };

/** A link as it is by the policy of now, which may end it sooner than it was to. */
export function underPolicy<L extends Pick<LinkRecord, "created_at" | "expires_ms">>(
  link: L,
  policy: Values | undefined,
): L {
  const most = policy?.["links.max_ttl_seconds"] ?? null;
  if (most === null) return link;
  return { ...link, expires_ms: Math.min(link.expires_ms, endAfter(Date.parse(link.created_at), most)) };
}
