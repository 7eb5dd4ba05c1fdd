/** The cases of our S3, on others' of which one checks signatures. */
import { CreateBucketCommand, PutBucketCorsCommand, S3Client } from "@aws-sdk/client-s3";
import { REGION } from "@wharf/local-cloud";
import { checksumCases } from "@wharf/local-cloud/test/conformance/s3/checksums.ts";
import { corsCases } from "@wharf/local-cloud/test/conformance/s3/cors.ts";
import { listingCases } from "@wharf/local-cloud/test/conformance/s3/listing.ts";
import { multipartCases } from "@wharf/local-cloud/test/conformance/s3/multipart.ts";
import { objectCases } from "@wharf/local-cloud/test/conformance/s3/objects.ts";
import { presignedCases } from "@wharf/local-cloud/test/conformance/s3/presigned.ts";
import { CORS_RULES, type S3Target } from "@wharf/local-cloud/test/conformance/s3/target.ts";
import { MOTO, startMoto } from "../moto/server.ts";
import type { Part } from "../part.ts";
import { untilSignal } from "../until-signal.ts";
import { checksOf, runCases } from "./run-cases.ts";
import { gatewayDifferences, motoDifferences } from "./s3-differences.ts";
import { startGateway, VERSITYGW } from "./versitygw.ts";

const lists = {
  multipart: multipartCases,
  checksums: checksumCases,
  objects: objectCases,
  cors: corsCases,
  listing: listingCases,
};

// moto verifies no signature: what it says of presigned URLs proves nothing.
const onMoto = checksOf(lists, motoDifferences).map(({ check, run }) => ({
  check: { ...check, behaviours: check.behaviours.filter((id) => id !== "s3.presigned") },
  run,
}));
const onGateway = checksOf({ ...lists, presigned: presignedCases }, gatewayDifferences);

export const s3: Part = {
  name: "s3",
  by: MOTO,
  about: "the cases of our S3 on moto's, but those of presigned URLs, whose signatures it doesn't verify",
  checks: onMoto.map(({ check }) => check),
  run: (tell) =>
    untilSignal(async (signal) => {
      await using moto = await startMoto();
      const key = { accessKeyId: "test", secretAccessKey: "test" };
      await using target = await openTarget({ endpoint: moto.endpoint, ...key });
      await runCases(onMoto, target, { tell, signal });
    }),
};

export const signedS3: Part = {
  name: "signed-s3",
  by: VERSITYGW,
  about: "the cases of our S3 on Versity's gateway, which verifies signatures",
  checks: onGateway.map(({ check }) => check),
  run: (tell) =>
    untilSignal(async (signal) => {
      await using gateway = await startGateway();
      await using target = await openTarget(gateway);
      await runCases(onGateway, target, { tell, signal });
    }),
};

/** Makes the bucket of the cases. */
async function openTarget(
  server: Pick<S3Target, "endpoint" | "accessKeyId" | "secretAccessKey">,
): Promise<S3Target & AsyncDisposable> {
  const { endpoint, accessKeyId, secretAccessKey } = server;
  const bucket = "wharf-cases";
  const client = new S3Client({
    endpoint,
    region: REGION,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const CORSConfiguration = { CORSRules: CORS_RULES };
  await client.send(new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration }));
  return {
    ...{ client, endpoint, accessKeyId, secretAccessKey, bucket },
    async [Symbol.asyncDispose]() {
      client.destroy();
    },
  };
}
