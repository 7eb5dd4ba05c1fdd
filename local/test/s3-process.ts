/** The local S3 in a process of its own, for tests that kill it: `node s3-process.ts <directory>`. */
import { startS3 } from "./s3-harness.ts";

const dir = process.argv[2];
if (dir === undefined) throw new Error("Usage: node s3-process.ts <directory>");
const { endpoint } = await startS3({ dir });
process.send?.(endpoint);
