import type { Item } from "#aws/table.ts";
import { fileRecord, versionRecord } from "#core/files/records.ts";
import type { Deps, DueDeps } from "#core/kernel/deps.ts";
import { eachDue } from "#core/kernel/each-due.ts";
import { keepRetention } from "./keep-retention.ts";
import { purgeFile, purgeVersion } from "./purge-version.ts";

/**
 * Removes the bytes of deleted files and versions once no presigned URL leads to them, and keeps the retention of
 * superseded versions. Returns how many files and versions are done.
 */
export function sweepVersions(deps: Pick<Deps, "objects" | "config"> & DueDeps): Promise<number> {
  return eachDue(deps, "version", async (item: Item, chance) => {
    if (item["kind"] === "file") return purgeFile(deps, fileRecord.parse(item), chance);
    const version = versionRecord.parse(item);
    return version.removed_ms === undefined ? keepRetention(deps, version) : purgeVersion(deps, version);
  });
}
