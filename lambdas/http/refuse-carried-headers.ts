import { WharfError } from "#core/kernel/error.ts";

/** What a redirected chunk must not have, why, and what to do instead. */
const REFUSED: [name: RegExp, why: string][] = [
  [
    /^content-range$/,
    "S3 answers 501 to it. Say ?part=n or ?offset=bytes in the URL instead, or neither for the next chunk in order.",
  ],
  [
    /^if-(none-)?match$|^if-(un)?modified-since$/,
    "S3 answers 501 to conditions on a part. Send If-Match and If-None-Match with finalize.",
  ],
  [
    // CloudFront adds x-amz-cf-id on the way to the API, and S3 bears x-amz-content-sha256.
    /^x-amz-(?!cf-|content-sha256$)/,
    "S3 answers 403 to x-amz-* headers that weren't signed. Leave it out, or PUT to the URLs of POST …/parts with their headers.",
  ],
];

/**
 * Refuses a chunk with a header that S3 would refuse: clients repeat all of them, but `Authorization`, where a redirect
 * leads, and S3's own answer says little. docs/uploads.md has the table.
 *
 * @throws WharfError invalid_request
 */
export function refuseCarriedHeaders(headers: Headers): void {
  for (const name of headers.keys()) {
    const why = REFUSED.find(([pattern]) => pattern.test(name))?.[1];
    if (why === undefined) continue;
    throw new WharfError("invalid_request", `The header ${name} would go with the redirect to S3. ${why}`, {
      header: name,
    });
  }
}
