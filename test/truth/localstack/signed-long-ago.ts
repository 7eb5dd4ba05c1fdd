import { REGION } from "@wharf/local-cloud";
import { AwsV4Signer } from "aws4fetch";
import { credentials } from "./target.ts";

/** A URL to PUT to, right in all but its time: signed two hours ago, for one. */
export async function signedLongAgo(url: string): Promise<string> {
  const target = new URL(url);
  target.searchParams.set("X-Amz-Expires", "3600");
  const datetime = new Date(Date.now() - 2 * 3_600_000).toISOString().replace(/[:-]|\.\d{3}/g, "");
  const signer = new AwsV4Signer({
    ...{ ...credentials, region: REGION, service: "s3", method: "PUT", url: target.href, datetime },
    signQuery: true,
  });
  return (await signer.sign()).url.href;
}
