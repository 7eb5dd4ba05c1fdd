import type { Deps } from "#core/kernel/deps.ts";
import { WharfError } from "#core/kernel/error.ts";
import {
  describeMismatch,
  judgeContent,
  type Mismatch,
  type SniffedRecord,
  sniffContent,
} from "./judge-content.ts";
import { SNIFF_BYTES } from "./sniff-type.ts";

/**
 * Judges content that is there under a name, as `judgeContent` does, for the transaction that puts the two together.
 *
 * Reads the bytes only where what was kept of them is missing or of older rules. @returns what is to be flagged.
 * @param declared its media type, where that is to fit too. @default it isn't asked
 * @throws WharfError type_mismatch
 */
export async function judgeName(
  { objects, config }: Pick<Deps, "objects" | "config">,
  content: { object_key: string; sniffed?: SniffedRecord | undefined },
  name: string,
  declared?: string,
): Promise<{ mismatch: Mismatch | undefined; sniffed: SniffedRecord | undefined }> {
  const sniffed = content.sniffed ?? (await look(objects, content.object_key));
  // No object: its version is about to go.
  if (sniffed === undefined) return { mismatch: undefined, sniffed };
  const { refused, flagged } = judgeContent({ name, declared }, sniffed, config.contentMismatch);
  if (refused === undefined) return { mismatch: flagged, sniffed };
  throw new WharfError(
    "type_mismatch",
    `${describeMismatch(name, refused)}. Choose a name that says what it is.`,
    { ...refused },
  );
}

async function look(objects: Deps["objects"], key: string): Promise<SniffedRecord | undefined> {
  const prefix = await objects.readPrefix(key, SNIFF_BYTES);
  return prefix && (await sniffContent(prefix)).kept;
}
