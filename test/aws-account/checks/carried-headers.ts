/** What S3 makes of headers that clients carry along a redirect to a presigned URL. */
import { type Check, said, seen } from "../check.ts";
import { bytesOf, sendPart } from "../send-part.ts";
import { startOnePart } from "../start-one-part.ts";

const body = bytesOf(1_024);

const carried: readonly [header: string, value: string, expected: string, why: string][] = [
  ["Content-Range", "bytes 0-1023/1024", "501 NotImplemented", "gcs-browser-upload #15, react-uploady #923"],
  ["Authorization", "Bearer not-for-s3", "400 InvalidArgument", "two ways to authenticate at once"],
  ["Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA==", "400 BadDigest", "S3 compares it"],
  ["Content-Type", "application/octet-stream", "200", "it isn't signed"],
  ["X-Request-ID", "carried-along", "200", "S3 ignores what it doesn't know"],
];

export const carriedHeaders = carried.map(
  ([header, value, expected, why]): Check => ({
    name: `carried to S3: ${header}`,
    expects: `S3 ${expected} (${why})`,
    onlyAws: "S3's own answer",
    async run(target) {
      const { part } = await startOnePart(target, `carried-${header}.bin`, body.length);
      const put = await said(await sendPart(part, body, { [header]: value }));
      return seen(put === expected, `S3 ${put}`);
    },
  }),
);
