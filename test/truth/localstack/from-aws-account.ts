/** The checks of `npm run test:aws` that LocalStack can answer, and where it answers otherwise than AWS. */
import type { BehaviourId } from "@wharf/local-cloud/test/behaviours.ts";
import type { Check } from "#test/aws-account/check.ts";
import { carriedHeaders } from "#test/aws-account/checks/carried-headers.ts";
import { checksumHeader } from "#test/aws-account/checks/checksum-header.ts";
import { chunkBytes } from "#test/aws-account/checks/chunk-bytes.ts";
import { gatewayHeaders } from "#test/aws-account/checks/gateway-headers.ts";
import { Skipped, type Story } from "./story.ts";

const AWS = "https://docs.aws.amazon.com";
/** By the check's name. */
const differences = new Map([
  [
    "carried to S3: Content-Range",
    {
      how: "its S3 takes a PUT with Content-Range, where AWS answers 501 NotImplemented",
      documented: `${AWS}/AmazonS3/latest/API/ErrorResponses.html`,
    },
  ],
  [
    "carried to S3: Authorization",
    {
      how: "its S3 takes a presigned URL together with an Authorization header, where AWS takes one of the two",
      documented: `${AWS}/AmazonS3/latest/API/sig-v4-authenticating-requests.html`,
    },
  ],
  [
    "401 by proxy: the challenge's name",
    {
      how: "its API Gateway leaves WWW-Authenticate of a proxy's answer its name, where AWS remaps it",
      documented: `${AWS}/apigateway/latest/developerguide/api-gateway-known-issues.html`,
    },
  ],
  [
    "a chunk of 11 MiB",
    {
      how: "its API Gateway takes bodies of any size, where AWS's limit is 10 MB",
      documented: `${AWS}/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html`,
    },
  ],
]);

const taken: readonly [checks: readonly Check[], behaviours: readonly BehaviourId[]][] = [
  [checksumHeader, ["s3.checksums", "s3.presigned"]],
  [carriedHeaders, ["s3.presigned"]],
  [gatewayHeaders, ["apigateway.mapping"]],
  // Its S3 has no host for each bucket here.
  [
    chunkBytes.filter(({ name }) => !name.startsWith("part URLs name")),
    ["apigateway.mapping", "apigateway.binary"],
  ],
];

export const fromAwsAccount: readonly Story[] = taken.flatMap(([checks, behaviours]) =>
  checks.map((check): Story => {
    const differs = differences.get(check.name);
    return {
      name: check.name,
      behaviours,
      ...(differs && { differs }),
      async run(world) {
        const { result, saw } = await check.run(world);
        if (result === "skip") throw new Skipped(saw);
        if (result === "fail") throw new Error(`${saw}; expected: ${check.expects}`);
        return saw;
      },
    };
  }),
);
