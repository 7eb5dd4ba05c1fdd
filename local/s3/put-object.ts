/** PutObject. */
import { receiveBody } from "./body.ts";
import { type Checksum, DEFAULT_ALGORITHM } from "./checksum.ts";
import { declaredChecksum, setChecksumHeaders } from "./checksum-headers.ts";
import { commitObject } from "./commit-object.ts";
import { describeObject } from "./object-headers.ts";
import { refuseHeadersOfPut } from "./refuse-headers.ts";
import { objectArn, type S3Request, writeContext } from "./request.ts";
import { sendEmpty } from "./respond.ts";
import type { S3 } from "./state.ts";

const GIB = 1024 ** 3;
// S3: 5 GiB in one PUT, and in one part.
export const MAX_PUT_BYTES = 5 * GIB;

export async function putObject(s3: S3, request: S3Request): Promise<void> {
  const { call } = request;
  call.authorize("s3:PutObject", objectArn(request), writeContext(request, { creates: true }));
  refuseHeadersOfPut(request);
  const description = describeObject(request);
  if (Object.keys(description.tags).length > 0) call.authorize("s3:PutObjectTagging", objectArn(request));
  const declared = declaredChecksum(request);

  await s3.writes.run(request, async (condition) => {
    condition?.check(s3.store.object(request.bucket, request.key));
    const algorithm = declared?.algorithm ?? DEFAULT_ALGORITHM;
    const received = await receiveBody(request, s3.blobs, { declared, algorithm, limit: MAX_PUT_BYTES });
    commitObject(s3, request, { ...description, received, condition, reason: "PutObject" });
    const checksum: Checksum = {
      algorithm: received.algorithm,
      type: "FULL_OBJECT",
      value: received.checksum,
    };
    setChecksumHeaders(call.res, checksum);
    call.res.setHeader("ETag", `"${received.md5}"`);
    call.res.setHeader("x-amz-server-side-encryption", request.settings.encryption);
    sendEmpty(request, 200);
  });
}
