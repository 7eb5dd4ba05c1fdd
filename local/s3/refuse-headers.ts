/** Headers of HTTP that S3 knows for other operations and answers 501 to where bytes are put. */
import { notHere } from "./errors.ts";
import type { S3Request } from "./request.ts";

// Sources: QubitProducts/gcs-browser-upload#15 and rpldy/react-uploady#923.
const OF_NO_PUT = ["Content-Range"];

/**
 * UploadPart's reference names no condition. That S3 answers 501 rather than ignore one is what it did of PutObject
 * before it had any (ceph/s3-tests#218), with this very `<Header>`; of `If-*-Since` nothing is known, so they are refused too.
 */
const OF_NO_PART = [...OF_NO_PUT, "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"];

/** @throws AwsError `NotImplemented` */
export function refuseHeadersOfPut(request: S3Request): void {
  refuse(request, OF_NO_PUT);
}

/** @throws AwsError `NotImplemented` */
export function refuseHeadersOfPart(request: S3Request): void {
  refuse(request, OF_NO_PART);
}

function refuse({ call }: S3Request, names: readonly string[]): void {
  const found = names.find((name) => call.req.headers[name.toLowerCase()] !== undefined);
  if (found !== undefined) throw notHere("Header", found);
}
