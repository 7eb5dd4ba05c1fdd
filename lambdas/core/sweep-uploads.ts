import { endUpload } from "./abort-upload.ts";
import { cleanUpload } from "./clean-upload.ts";
import type { Deps } from "./deps.ts";
import { eachDue } from "./each-due.ts";
import { finishUpload } from "./finish-upload.ts";
import { uploadRecord } from "./upload-record.ts";

/**
 * Ends abandoned sessions with what they hold in S3, and finishes or reopens those whose finalize never ended.
 *
 * Returns how many sessions have moved on.
 */
export function sweepUploads(deps: Deps): Promise<number> {
  return eachDue(deps, "upload", async (item) => {
    const upload = uploadRecord.parse(item);
    if (upload.state === "open") {
      if (!(await endUpload(deps, upload, "expired"))) return false;
      await cleanUpload(deps, upload);
      return true;
    }
    if (upload.state === "finalizing") return (await finishUpload(deps, upload.upload_id)) !== "left";
    await cleanUpload(deps, upload);
    return true;
  });
}
