import type { PartUrl } from "./send-part.ts";
import type { Target } from "./target.ts";

/** Starts an upload that is one part. */
export async function startOnePart(
  { api }: Pick<Target, "api">,
  filename: string,
  size: number,
  more: Record<string, unknown> = {},
): Promise<{ uploadId: string; part: PartUrl }> {
  const { upload_id: uploadId, parts } = await api.start(filename, size, more);
  const [part] = parts;
  if (part === undefined) throw new Error("the start answered no part");
  return { uploadId, part };
}
