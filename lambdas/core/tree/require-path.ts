import { MAX_DEPTH, MAX_PATH_BYTES } from "#contract/common.ts";
import { WharfError } from "#core/kernel/error.ts";

/**
 * The one rule of how long a file's path may be, folders included: for whatever gives a file its folder or name.
 *
 * @param path from the root: `reports/q3.pdf`. @param beside what it has beside the name. @throws WharfError invalid_request
 */
export function requirePath(path: string, beside = "folders"): void {
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_PATH_BYTES) {
    throw new WharfError(
      "invalid_request",
      `The file's path would have ${bytes} bytes, ${beside} included; at most ${MAX_PATH_BYTES}. Shorten its name, or choose a folder further up.`,
      { max_path_bytes: MAX_PATH_BYTES },
    );
  }
  const depth = path.split("/").length - 1;
  if (depth > MAX_DEPTH) {
    throw new WharfError(
      "invalid_request",
      `The file would be ${depth} folders deep; at most ${MAX_DEPTH}. Choose a folder further up.`,
      { max_depth: MAX_DEPTH },
    );
  }
}
