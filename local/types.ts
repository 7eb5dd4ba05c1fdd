/** What the parts of the local cloud say to each other. */
import type { IncomingMessage, ServerResponse } from "node:http";

/** Who signed a request. `root` is the local administrator; `role` is a Lambda's execution role. */
export interface Principal {
  kind: "root" | "role" | "service";
  /** e.g. `arn:aws:sts::000000000000:assumed-role/ApiRole/api`, or a service name (`events.amazonaws.com`). */
  arn: string;
  /** Logical id of the role in the template, where it is a role. */
  role?: string;
  /** Id of the Lambda environment that holds the credentials, so that a call can be laid to its invocation. */
  environment?: string;
}

/** Values that policies' conditions can read, by lower-case key (`aws:securetransport`, `s3:if-none-match`). */
export type ConditionContext = Record<string, string | string[]>;

/** One call to an AWS service, already authenticated. */
export interface AwsCall {
  req: IncomingMessage;
  res: ServerResponse;
  url: URL;
  /** Percent-decoded path as sent. `url.pathname` lacks dot segments, which are legal in S3 keys. */
  path: string;
  requestId: string;
  region: string;
  /** `null`: the request carries no signature (CORS preflight, POST policy form). */
  principal: Principal | null;
  /** Service of the credential scope (`s3`, `dynamodb`, `sqs`, `events`). */
  service: string;
  /** Whole body for JSON services (already checked against the signature); S3 reads `req` itself. */
  body: Buffer | undefined;
  /** S3 only: what the body must hash to, or how it is framed. */
  payload:
    | { kind: "unsigned" }
    | { kind: "hash"; sha256: string }
    | { kind: "chunked"; signed: boolean; trailer: boolean; verifyChunk?: ChunkVerifier };
  /**
   * Refuses the call unless the principal's policies (and the resource's) let it through; throws `AccessDenied`.
   * Called by the service once for each (action, resource) that AWS would check.
   */
  authorize(action: string, resource: string, context?: ConditionContext): void;
  /** S3 only: asks a client that waits (`Expect: 100-continue`) for its body; call it before reading `req`. */
  proceed(): void;
  /** S3's CompleteMultipartUpload: the object appears only once this has resolved. A fault that tests set. */
  slow?: Promise<unknown>;
  /** DynamoDB's eventually consistent reads: how old the answer is, as in `Fault`. A fault that tests set. */
  staleMs?: number | "changed";
  /** What the trace says of this call; services fill it in. */
  trace: CallTrace;
}

/** Checks the signature of one `aws-chunked` chunk or trailer; returns false when it differs. */
export type ChunkVerifier = (
  kind: "chunk" | "trailer",
  sha256OrCanonical: string,
  signature: string,
) => boolean;

/** One AWS call as counted by the local cloud (`bench/calls`, least privilege, logs). */
export interface CallTrace {
  service: string;
  /** `PutItem`, `CompleteMultipartUpload` … */
  action: string;
  /** Logical id of the calling role, `root`, `presigned:<role>` or a service's name. */
  caller: string;
  /** `X-Request-ID` of the API call that caused it, where it is known. */
  invocation?: string;
  /** Lambda environment whose credentials signed the call; absent for presigned URLs. */
  environment?: string;
  startedAt: number;
  endedAt: number;
  status: number;
  /** A copy that arrived late, as a fault had it; nobody heard its answer. */
  late?: true;
  /** DynamoDB only: consumed units, by the rules of on-demand tables. */
  readUnits?: number;
  writeUnits?: number;
}

/** One service behind the AWS port. */
export interface AwsService {
  /** Service name in the credential scope. */
  readonly scope: string;
  handle(call: AwsCall): Promise<void>;
  /** Adds headers that every answer carries, also one refused before `handle` (S3: CORS). */
  decorate?(req: IncomingMessage, res: ServerResponse, path: string): void;
  /** Flushes and closes what it holds. */
  close(): Promise<void>;
}

/** An error that AWS would answer. Services turn it into their own wire format. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  /** Further fields of the answer (`CancellationReasons`, `Item`, `BucketName` …). */
  readonly details: Record<string, unknown>;
  constructor(code: string, message: string, status = 400, details: Record<string, unknown> = {}) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
    this.details = details;
  }
}

/** Every account on the laptop has this number. */
export const ACCOUNT = "000000000000";
export const REGION = "us-east-1";
