import type { Deps } from "#core/kernel/deps.ts";
import { iso } from "#core/kernel/time.ts";
import { MAX_FORM_BYTES, PART_URL_SECONDS } from "./limits.ts";
import { postedKey } from "./object-key.ts";
import type { UploadRecord } from "./records.ts";

/** The form of an upload: one POST of one file, of its very size where that was declared, else no larger than the session takes. */
export async function signForm({ objects }: Pick<Deps, "objects">, upload: UploadRecord) {
  const { size, restrict } = upload;
  const most = Math.min(restrict?.max_bytes ?? MAX_FORM_BYTES, MAX_FORM_BYTES);
  const { url, fields, expiresAt } = await objects.signForm({
    key: postedKey(upload),
    range: [size ?? 0, size ?? most],
    expiresIn: PART_URL_SECONDS,
  });
  return { url, fields, urls_expire_at: iso(expiresAt) };
}
