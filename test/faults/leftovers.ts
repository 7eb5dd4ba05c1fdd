/** What is counted, kept for a while or kept apart: at the end of every story it is what it says, or gone. */
import * as z from "zod";
import { fileRecord, isPurged, versionRecord } from "#core/files/records.ts";
import { BYTES_STAY_MS } from "#core/files/supersede-version.ts";
import { EVENT_KEEP_MS } from "#core/kernel/outbox.ts";
import { linkRecord } from "#core/links/records.ts";
import { uploadRecord } from "#core/uploads/records.ts";
import { kindOf } from "./calls.ts";
import type { Stage } from "./stage.ts";
import { DAY, lasted, MINUTE } from "./time.ts";

export type Keyed = { pk: string; sk: string; [name: string]: unknown };
export type Of = <T>(kind: string, schema: z.ZodType<T>) => (T & { key: Keyed })[];

/** Kinds that DynamoDB forgets by their `ttl`: an `Idempotency-Key`, a reserved name, a token, what a source has tried. */
const FOR_A_WHILE = ["IDEM", "RES", "CLIENT.TOKEN", "LINK.START", "LINK.TRIES"];
/** How long a sweep may take to come to what is due. */
const SWEPT_MS = 10 * MINUTE;

/** Says what doesn't hold; nothing where all does. */
export async function leftovers(stage: Stage, of: Of, items: readonly Keyed[]): Promise<string[]> {
  const { versionsKeep, versionsKeepDays } = stage.plain.config;
  return [
    ...downloads(of, items),
    ...committedTwice(of),
    ...gone(of),
    ...retention(of, { versionsKeep, keptMs: versionsKeepDays * DAY }),
    ...items
      .filter((item) => FOR_A_WHILE.includes(kindOf(item)) && item["ttl"] === undefined)
      .map((item) => `${item.pk} ${item.sk} is kept for ever`),
    // No story reserves names once it rests, and a reservation lasts for an hour.
    ...items.filter((item) => kindOf(item) === "RES").map(({ pk }) => `a name in ${pk} is taken by nothing`),
    ...(await parts(stage, of)),
    ...stage.removals.early(),
  ];
}

/** A link has given as many downloads as were told of. */
function downloads(of: Of, items: readonly Keyed[]): string[] {
  if (lasted() > EVENT_KEEP_MS) return [];
  const body = z.object({ type: z.string(), share_id: z.string().optional() });
  const told = items
    .filter(({ pk }) => pk.startsWith("EVT#"))
    .map((item) => body.parse(JSON.parse(String(item["body"]))))
    .filter(({ type }) => type === "link_accessed");
  return of("LINK", linkRecord)
    .map((link) => ({ ...link, told: told.filter(({ share_id }) => share_id === link.share_id).length }))
    .filter((link) => link.downloads !== link.told)
    .map((link) => `${link.share_id} counts ${link.downloads} downloads, and ${link.told} were told of`);
}

/** An upload makes one version; what else has its bytes is a restoration or a copy. */
function committedTwice(of: Of): string[] {
  const made = of("NODE.VER", versionRecord).filter(
    (one) => one.restored_from === undefined && one.copied_from === undefined,
  );
  return [...Map.groupBy(made, ({ upload_id }) => upload_id)]
    .filter(([, all]) => all.length > 1)
    .map(([id, all]) => `${id} has become ${all.map(({ version_id }) => version_id).join(" and ")}`);
}

/** What was deleted and is in the trash no more has no record once its bytes are due to go. */
function gone(of: Of): string[] {
  const files = of("NODE", z.looseObject({ kind: z.string() })).filter(({ kind }) => kind === "file");
  const deleted = new Map(
    files
      .map(({ key }) => fileRecord.parse(key))
      .filter(isPurged)
      .map(({ node_id, deleted_at = "", purged_ms }) => [node_id, purged_ms ?? Date.parse(deleted_at)]),
  );
  return of("NODE.VER", versionRecord)
    .filter(({ state }) => state === "ready")
    .filter(({ file_id, removed_ms }) =>
      [removed_ms, deleted.get(file_id)].some(
        (at) => at !== undefined && at < Date.now() - BYTES_STAY_MS - SWEPT_MS,
      ),
    )
    .map(({ version_id }) => `${version_id} was deleted long ago, and is there`);
}

/** No file keeps more versions than it may, or for longer. */
function retention(of: Of, { versionsKeep, keptMs }: { versionsKeep: number; keptMs: number }): string[] {
  const kept = of("NODE.VER", versionRecord).filter(
    ({ superseded_ms, removed_ms }) =>
      removed_ms === undefined && (superseded_ms ?? Infinity) < Date.now() - BYTES_STAY_MS - SWEPT_MS,
  );
  const many = [...Map.groupBy(kept, ({ file_id }) => file_id)].filter(
    ([, all]) => all.length > versionsKeep,
  );
  const old = kept.filter(({ superseded_ms = 0 }) => superseded_ms < Date.now() - keptMs - SWEPT_MS);
  return [
    ...many.map(([id, all]) => `${id} keeps ${all.length} versions`),
    ...old.map(({ version_id }) => `${version_id} is kept for too long`),
  ];
}

/** S3 keeps no parts of a session that is over. */
async function parts(stage: Stage, of: Of): Promise<string[]> {
  const open = new Set((await stage.multiparts()).map(({ id }) => id));
  return of("UPL", uploadRecord)
    .filter(({ state, s3_upload_id = "" }) => !/^(open|finalizing)$/.test(state) && open.has(s3_upload_id))
    .map(({ upload_id, state }) => `${upload_id} is ${state}, and S3 keeps its parts`);
}
