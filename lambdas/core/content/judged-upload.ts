import type { Act } from "#core/policy/rule.ts";
import { contradictionOf } from "./judge-allowed.ts";
import type { SniffedContent } from "./judge-content.ts";
import { typeByName, typeOf } from "./type-of.ts";

type Upload = Extract<Act, { action: "upload" }>;

interface Known extends Pick<Upload, "name" | "size" | "has_checksum" | "approved_bytes"> {
  /** The media type that was declared. */
  declared: string | undefined;
}

/**
 * An upload as policies judge it: by its name and declared type before its bytes have come, and by those too then.
 */
export function judgedUpload({ declared, ...known }: Known, sniffed?: SniffedContent): Upload {
  if (sniffed === undefined) return { action: "upload", ...known, type: typeByName(known.name, declared) };
  const type = typeOf(known.name, declared, sniffed);
  return {
    action: "upload",
    ...known,
    ...{ type, sniffed: sniffed.type, contradicts: contradictionOf(type, sniffed) },
  };
}
