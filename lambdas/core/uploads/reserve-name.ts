/**
 * Names that uploads with `if_exists: "fail"` keep for themselves, so that of many that start on one free name all but
 * one are told before they have sent everything. Only such uploads heed a reservation; what a name leads to in the end
 * its entry alone decides.
 */
import * as z from "zod";
import { keys } from "#aws/keys.ts";
import { happened, type Item, TransactionFailed, type Write } from "#aws/table.ts";
import { isFree } from "#core/files/file-entry.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import { inRounds } from "#core/kernel/in-rounds.ts";
import { iso, ttl } from "#core/kernel/time.ts";
import { entryRecord } from "#core/tree/records.ts";
import { newUpload } from "./add-upload.ts";
import { PART_URL_SECONDS } from "./limits.ts";
import { nameTaken } from "./name-taken.ts";
import { type UploadRecord, uploadRecord } from "./records.ts";

/** After the last call about a session: no URL of it lives longer, so a client that is at work calls within. */
const RESERVE_MS = PART_URL_SECONDS * 1_000;
/** What is left when a call extends it, so that most calls need not. */
const RENEW_MS = RESERVE_MS / 2;
/** Each lost round is another's reservation that has just ended. */
const ROUNDS = 5;

const reservationRecord = z.object({ upload_id: z.string(), client_id: z.string(), until_ms: z.number() });
type Reservation = z.infer<typeof reservationRecord>;

/**
 * Writes a session that reserves its name, together with `record`: one transaction.
 *
 * @throws WharfError name_taken where a file or folder stands there, or another session keeps the name: with its id
 * where it is the caller's own.
 */
export async function saveReserved(
  deps: TableDeps,
  draft: UploadRecord,
  record: readonly Write[],
): Promise<UploadRecord> {
  let ended: string | undefined;
  const attempt = async () => {
    const upload = { ...draft, reserved_until_ms: deps.now() + RESERVE_MS };
    const reservation = reserve(upload, deps.now(), ended);
    try {
      await deps.table.transact([newUpload(upload), ...stillFree(upload), reservation, ...record]);
    } catch (error) {
      if (!(error instanceof TransactionFailed)) throw error;
      const other = reservationRecord.parse(error.failed.get(reservation));
      if (!(await isOver(deps, other))) throw reserved(upload, other);
      ended = other.upload_id;
      throw error;
    }
    return upload;
  };
  return inRounds(attempt, "Others keep starting uploads of this name. Send the request again.", ROUNDS);
}

/** Nothing stands under the name; without its folder nothing can. */
function stillFree(upload: UploadRecord): Write[] {
  const { folder_id, name } = upload;
  if (folder_id === undefined) return [];
  return [isFree(folder_id, name, (standing) => nameTaken(upload, entryRecord.parse(standing)))];
}

/** Extends a session's reservation where less than half of its time is left. Where another has it, finalize decides. */
export async function keepReserved(deps: TableDeps, upload: UploadRecord): Promise<void> {
  const now = deps.now();
  const live = upload.state === "open" || upload.state === "finalizing";
  if (!live || upload.reserved_until_ms === undefined || upload.reserved_until_ms > now + RENEW_MS) return;
  const extended = { ...upload, reserved_until_ms: now + RESERVE_MS };
  await happened(
    deps.table.transact([
      reserve(extended, now, upload.upload_id),
      {
        key: keys.upload(upload.upload_id),
        update: { set: { reserved_until_ms: extended.reserved_until_ms } },
        condition: "#state IN (:open, :finalizing)",
        values: { open: "open", finalizing: "finalizing" },
      },
    ]),
  );
}

/** Takes the name where nobody has it, or `from` has. */
function reserve(upload: UploadRecord, now: number, from: string | undefined): Write {
  const { workspace_id, folder_path, name, upload_id, client_id, reserved_until_ms: until_ms = now } = upload;
  const path = [...(folder_path === undefined ? [] : [folder_path]), name].join("/");
  const kept: Reservation & Item = { upload_id, client_id, until_ms, ttl: ttl(until_ms) };
  return {
    put: { ...keys.reservation(workspace_id, path), ...kept },
    condition: "attribute_not_exists(#pk) OR #until_ms <= :now OR #upload_id = :from",
    values: { now, from: from ?? upload_id },
  };
}

/** Whether the session that has a name has ended: what it made of the name stands there by itself. */
async function isOver({ table, now }: TableDeps, { upload_id }: Reservation): Promise<boolean> {
  const upload = await table.get(uploadRecord, keys.upload(upload_id));
  if (upload === undefined || upload.expires_ms <= now()) return true;
  return upload.state !== "open" && upload.state !== "finalizing";
}

function reserved({ name, client_id }: UploadRecord, other: Reservation): WharfError {
  const until = iso(other.until_ms);
  const own = other.client_id === client_id;
  return new WharfError(
    "name_taken",
    own
      ? `Your session ${other.upload_id} keeps ${JSON.stringify(name)} until ${until} at least. Go on with it, or DELETE it, or choose if_exists version or rename.`
      : `${JSON.stringify(name)} is being uploaded by another client, which keeps the name until ${until} at least. Choose another name, or if_exists version or rename.`,
    { name, kind: "upload", reserved_until: until, ...(own ? { upload_id: other.upload_id } : {}) },
  );
}
