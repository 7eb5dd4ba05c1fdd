import * as z from "zod";

const versioned = z.object({ version_id: z.string() });

/** `ETag` of an answer that names a file's version. */
export function etagOf(body: unknown): { ETag: string } {
  return { ETag: `"${versioned.parse(body).version_id}"` };
}
