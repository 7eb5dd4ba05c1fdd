/**
 * S3's client with the commands that Wharf sends. A module of its own, so that a function loads it at its first call
 * to S3 and not at its start.
 */
import { S3Client } from "@aws-sdk/client-s3";
import { StandardRetryStrategy } from "@smithy/core/retry";
import { clientLimits, counted } from "./clients.ts";
import type { Identity } from "./signer.ts";

export {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";

/** A client for S3. `endpoint` as in `createSigner`. */
export function createS3({ region, credentials }: Identity, endpoint: string | undefined): S3Client {
  const client = new S3Client({
    ...clientLimits,
    region,
    credentials,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    // Checksums are asked for where they are wanted; the default would send one with every request.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    retryStrategy: new StandardRetryStrategy(RETRIES),
  });
  // `ConditionalRequestConflict` says that another request for the very key is under way. S3 asks to send the request
  // again (S3 API Reference, `If-None-Match` of PutObject and CompleteMultipartUpload); the SDK takes it for final.
  client.middlewareStack.add(
    (next) => (args) =>
      next(args).catch((error: unknown) => {
        const conflict = error instanceof Error && error.name === "ConditionalRequestConflict";
        throw conflict ? Object.assign(error, { $retryable: {} }) : error;
      }),
    { step: "finalizeRequest", name: "retryConflicts", priority: "low" },
  );
  // Innermost, since it reads the body before the SDK does.
  client.middlewareStack.add(wholeAnswer, { step: "deserialize", name: "wholeAnswer", priority: "low" });
  return counted(client, "s3");
}

/** Four pauses, each twice as long: up to 3.75 s together, and 15 s where S3 asks to slow down (there they begin at 1 s). */
const RETRIES = { maxAttempts: 5, baseDelay: 250 };

type Middleware = Parameters<S3Client["middlewareStack"]["add"]>[0];

/** CompleteMultipartUpload's answer is some hundred bytes; what is longer isn't one. */
const MAX_ANSWER = 1_048_576;

/**
 * S3 sends CompleteMultipartUpload's 200 before it knows the outcome, white space while it works, and then a result
 * or an `<Error>`, unless the connection breaks (S3 API Reference, CompleteMultipartUpload). Only a result that is
 * whole is success. The SDK finds an error at the document's very end, and takes what was cut off for a result.
 */
const wholeAnswer: Middleware = (next, context) => async (args) => {
  const result = await next(args);
  const { response } = result;
  if (!("commandName" in context) || context["commandName"] !== "CompleteMultipartUploadCommand")
    return result;
  if (!isAnswer(response) || response.statusCode !== 200) return result;
  // No XML declaration may follow white space, as S3's does here.
  const text = (await textOf(response.body)).trim();
  if (!/<\/(CompleteMultipartUploadResult|Error)>$/.test(text)) {
    throw Object.assign(new Error(`S3 broke off its answer after ${text.length} characters.`), {
      name: "IncompleteAnswer",
      $retryable: {},
    });
  }
  response.body = Buffer.from(text);
  return result;
};

function isAnswer(
  response: unknown,
): response is { statusCode: number; body: AsyncIterable<Uint8Array> | Buffer } {
  return typeof response === "object" && response !== null && "statusCode" in response && "body" in response;
}

async function textOf(body: AsyncIterable<Uint8Array> | Buffer): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of Buffer.isBuffer(body) ? [body] : body) {
    size += chunk.length;
    if (size > MAX_ANSWER) throw new Error(`S3's answer has more than ${MAX_ANSWER} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
