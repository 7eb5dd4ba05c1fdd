import { emitMetric } from "#aws/metrics.ts";
import type { Deps } from "./deps.ts";
import { WharfError } from "./error.ts";
import type { FileRecord } from "./records.ts";
import { disguise, extensionOf, SNIFF_BYTES, sniff } from "./sniff-type.ts";

/**
 * Refuses a new name under which a file would pose as something harmless, as an upload of that name would be.
 *
 * Looks into the bytes only where the extension changes. @throws WharfError type_mismatch
 */
export async function refuseDisguise(
  { objects, table, now }: Pick<Deps, "objects" | "table" | "now">,
  file: FileRecord,
  name: string,
): Promise<void> {
  if (extensionOf(name) === extensionOf(file.name)) return;
  const prefix = await objects.readPrefix(file.object_key, SNIFF_BYTES);
  const found = prefix && disguise(await sniff(prefix), { name });
  if (found === undefined) return;
  emitMetric(table.name, "RefusedDisguises", 1, now());
  throw new WharfError(
    "type_mismatch",
    `${JSON.stringify(name)} would hide that the file's content is of the kind ${found.actual}. Choose a name that says what it is.`,
    { ...found },
  );
}
