import { due, keys } from "#aws/keys.ts";
import type { Write } from "#aws/table.ts";
import type { Actor } from "#contract/common.ts";
import { epochOf } from "#core/access/grant-writes.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { newId } from "#core/kernel/ids.ts";
import { eventWrite } from "#core/kernel/outbox.ts";
import { iso, ttl } from "#core/kernel/time.ts";
import { endAfter, type LinkLife, shownEnd } from "./link-terms.ts";
import { linkToken } from "./link-token.ts";
import type { LinkRecord } from "./records.ts";

/** How long a dead link still says why it is dead. */
const KEEP_MS = 90 * 86_400_000;

export interface BoundTo {
  version_id: string;
  /** None of a version from before versions had names. */
  name?: string | undefined;
}

export interface NewShare {
  file: {
    file_id: string;
    workspace_id: string;
    organization_id?: string | undefined;
    above?: readonly string[] | undefined;
    /** The workspace's. @default 0 */
    epoch?: number | undefined;
  };
  /** The version that the link leads to, whatever becomes current, and the name that it goes by. */
  bound?: BoundTo | undefined;
  /** Client id. */
  createdBy: string;
  requestId: string;
  actor: Actor;
  life: LinkLife;
  /** @default unlimited */
  maxDownloads?: number | undefined;
  /** As `hashPassword` makes it. */
  passwordHash?: string | undefined;
}

/** Counting a download writes the whole link: so it has no more ids than leave it below 1 KB. */
const MAX_ABOVE = 11;

const hintOf = (above?: readonly string[]) =>
  above !== undefined && above.length <= MAX_ABOVE ? [...above] : undefined;

/**
 * A new link to a file: the writes that make it, with `link_created`, to stand in the caller's transaction.
 *
 * That the file exists is for the caller to check in the same transaction.
 */
export async function newShare(
  deps: Pick<Deps, "table" | "config" | "now">,
  { file, bound, createdBy, requestId, actor, life, maxDownloads, passwordHash }: NewShare,
): Promise<{
  share_id: string;
  share_url: string;
  expires_at: string | null;
  link: LinkRecord;
  writes: Write[];
}> {
  const now = deps.now();
  const shareId = newId("shr", now);
  const expiresMs = endAfter(now, life.ttl_seconds);
  const expires_at = shownEnd(expiresMs);
  const token = await linkToken(deps, shareId);
  const kept = expires_at === null ? {} : { ttl: ttl(expiresMs + KEEP_MS) };
  const link: LinkRecord = {
    ...keys.link(token),
    share_id: shareId,
    file_id: file.file_id,
    version_id: bound?.version_id,
    name: bound?.name,
    workspace_id: file.workspace_id,
    organization_id: file.organization_id,
    above: hintOf(file.above),
    epoch: epochOf({ epoch: file.epoch ?? 0 }),
    created_by: createdBy,
    created_at: iso(now),
    expires_ms: expiresMs,
    max_downloads: maxDownloads,
    downloads: 0,
    password: passwordHash,
  };
  const writes: Write[] = [
    {
      put: { ...link, ...(expires_at === null ? {} : due("link", expiresMs, shareId)), ...kept },
      condition: "attribute_not_exists(#pk)",
    },
    {
      put: { ...keys.fileShare(file.file_id, shareId), ...kept, share_id: shareId },
      condition: "attribute_not_exists(#pk)",
    },
    eventWrite(now, {
      type: "link_created",
      request_id: requestId,
      workspace_id: file.workspace_id,
      file_id: file.file_id,
      share_id: shareId,
      actor,
      data: {
        expires_at,
        max_downloads: maxDownloads ?? null,
        has_password: passwordHash !== undefined,
      },
    }),
  ];
  return { share_id: shareId, share_url: linkUrl(deps, token), expires_at, link, writes };
}

/** The link of a share that exists: always the same for the same id. */
export async function shareUrl(deps: Pick<Deps, "table" | "config">, shareId: string): Promise<string> {
  return linkUrl(deps, await linkToken(deps, shareId));
}

function linkUrl({ config }: Pick<Deps, "config">, token: string): string {
  return `${config.publicUrl}/s/${token}`;
}
