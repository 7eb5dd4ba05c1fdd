import { WharfError } from "#core/kernel/error.ts";
import type { EntryRecord } from "#core/tree/records.ts";
import type { UploadRecord } from "./records.ts";

/** 409 for an upload whose name is taken, where it isn't to become a version of what stands there. */
export function nameTaken(
  { name }: Pick<UploadRecord, "name">,
  { kind }: Pick<EntryRecord, "kind">,
): WharfError {
  const detail =
    kind === "folder"
      ? `${JSON.stringify(name)} is a folder. Start an upload under another name, or a path below it.`
      : `${JSON.stringify(name)} is taken in that folder. Start an upload under another name, or with if_exists version or rename; or move or delete what stands there.`;
  return new WharfError("name_taken", detail, { name, kind });
}
