/** In the order in which they run. */
import type { Check } from "./check.ts";
import { carriedHeaders } from "./checks/carried-headers.ts";
import { checksumHeader } from "./checks/checksum-header.ts";
import { chunkBytes } from "./checks/chunk-bytes.ts";
import { completeUnderLoad } from "./checks/complete-under-load.ts";
import { forgedHeaders } from "./checks/forged-headers.ts";
import { gatewayHeaders } from "./checks/gateway-headers.ts";
import { transactionConflict } from "./checks/transaction-conflict.ts";
import { uploadExample } from "./checks/upload-example.ts";

export const allChecks: readonly Check[] = [
  ...checksumHeader,
  ...carriedHeaders,
  ...gatewayHeaders,
  ...chunkBytes,
  ...forgedHeaders,
  ...transactionConflict,
  ...completeUnderLoad,
  ...uploadExample,
];
