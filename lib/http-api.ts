import { Aws, Duration, RemovalPolicy, Size, Stack } from "aws-cdk-lib";
import {
  AccessLogField,
  AccessLogFormat,
  CfnRestApi,
  EndpointType,
  LambdaIntegration,
  LogGroupLogDestination,
  type MethodDeploymentOptions,
  MethodLoggingLevel,
  RestApi,
} from "aws-cdk-lib/aws-apigateway";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { MAX_ITEMS } from "#contract/batch.ts";
import { acknowledge } from "./acknowledge.ts";
import { alarm } from "./alarm.ts";
import { addChunkMethod } from "./chunk-method.ts";
import type { StageConfig } from "./config.ts";
import { addGatewayResponses } from "./gateway-responses.ts";
import type { NodeFunction } from "./node-function.ts";
import { removalPolicy } from "./removal-policy.ts";

/** Part of the API's URL. A literal, since the stage's own name would be a cycle in the functions' environment. */
const STAGE_NAME = "prod";

export interface HttpApiHandlers {
  /** Answers everything that has no handler of its own. */
  readonly api: NodeFunction;
  /** Answers `POST /v1/files/{id}/lock/wait`, which takes up to 20 s. */
  readonly wait: NodeFunction;
  /** Answers `GET /v1/events`, which may wait for 20 s. */
  readonly events: NodeFunction;
}

/** The REST API. Functions need its URL before it can route to them: construct it, then call `route`. */
export class HttpApi extends Construct {
  readonly api: RestApi;
  /** Where clients reach the API, without a trailing slash. */
  readonly publicUrl: string;
  /** The API's name at API Gateway, which leads to it whatever domain stands in front. */
  readonly host: string;

  constructor(scope: Construct, id: string, config: StageConfig) {
    super(scope, id);
    const logs = new LogGroup(this, "AccessLogs", {
      retention: config.logRetention,
      removalPolicy: removalPolicy(config),
    });
    this.api = new RestApi(this, "Api", {
      // Metrics are counted by this name: one for all stages would mix their 5xx.
      restApiName: Stack.of(this).stackName,
      description: "Wharf's HTTP API",
      endpointTypes: [EndpointType.REGIONAL],
      // API Gateway logs through one role per account and region; this makes it where there is none.
      cloudWatchRole: true,
      // Other APIs come to log through it too; what makes a disposable stage puts the account's setting back.
      cloudWatchRoleRemovalPolicy: config.disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
      // Bodies of one-request uploads. Chunks stay "text" on purpose: their bodies are dropped, never decoded.
      binaryMediaTypes: ["multipart/form-data"],
      // Below some hundred bytes an answer would only grow.
      minCompressionSize: Size.bytes(1024),
      deployOptions: {
        stageName: STAGE_NAME,
        throttlingRateLimit: config.throttle.rate,
        throttlingBurstLimit: config.throttle.burst,
        // By method each of them would be priced as a metric of one's own, some 30 $ a month; alarms watch the API's own.
        ...QUIET,
        methodOptions: batchThrottles(config),
        accessLogDestination: new LogGroupLogDestination(logs),
        accessLogFormat,
      },
    });
    // CDK's own output of the URL, which is not the clients' where a domain stands in front.
    this.api.node.tryRemoveChild("Endpoint");
    requireModernTls(this.api);
    this.host = `${this.api.restApiId}.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}`;
    const { publicUrl, domain } = config;
    this.publicUrl = publicUrl ?? `https://${domain?.name ?? `${this.host}/${STAGE_NAME}`}`;
    addGatewayResponses(this.api, config.corsOrigins);
    acknowledge(this, reasons);
    alarm(this, "ServerErrors", {
      description:
        "The API answered 5xx: look for level=error in the api function's log, else for Lambda's throttles. A client that asks too much gets 429",
      metric: this.api.metricServerError({ period: Duration.minutes(5), statistic: "Sum" }),
      above: 0,
    });
  }

  /** Routes everything to its function. */
  route({ api, wait, events }: HttpApiHandlers): void {
    const toApi = new LambdaIntegration(api, { scopePermissionToMethod: false });
    const toWait = new LambdaIntegration(wait, { scopePermissionToMethod: false });
    const toEvents = new LambdaIntegration(events, { scopePermissionToMethod: false });
    const { root } = this.api;
    const v1 = root.addResource("v1");
    const uploads = v1.addResource("uploads");
    const upload = uploads.addResource("{id}");
    const chunks = upload.addResource("chunks");
    const files = v1.addResource("files");
    // Resources of their own, since throttles go by resource.
    const batches = [
      uploads.addResource("batch"),
      uploads.addResource("finalize"),
      files.addResource("batch"),
    ];
    const file = files.addResource("{id}");
    const lock = file.addResource("lock");
    const waiting = lock.addResource("wait");
    const log = v1.addResource("events");

    addChunkMethod(chunks, api);
    waiting.addMethod("POST", toWait);
    log.addMethod("GET", toEvents);
    for (const batch of batches) batch.addMethod("POST", toApi);
    // API Gateway refuses a method that the closest resource lacks, so each resource has the rest, and what is below.
    for (const resource of [root, v1, uploads, upload, chunks, files, file, lock, waiting, log, ...batches]) {
      resource.addMethod("ANY", toApi);
    }
    for (const resource of [root, v1, upload, file, lock]) {
      resource.addResource("{proxy+}").addMethod("ANY", toApi);
    }
  }
}

/** What a stage says of each of its methods. */
const QUIET = { metricsEnabled: false, loggingLevel: MethodLoggingLevel.OFF, dataTraceEnabled: false };

/** Requests that hold many, each of which is to cost as much as so many calls: of them the stage takes fewer. */
const BATCHES = ["/v1/uploads/batch/POST", "/v1/uploads/finalize/POST", "/v1/files/batch/POST"];

function batchThrottles({ throttle }: StageConfig): Record<string, MethodDeploymentOptions> {
  const share = {
    ...QUIET,
    throttlingRateLimit: throttle.rate / MAX_ITEMS,
    throttlingBurstLimit: Math.ceil(throttle.burst / MAX_ITEMS),
  };
  return Object.fromEntries(BATCHES.map((path) => [path, share]));
}

/**
 * Refuses TLS below 1.2, and ciphers without forward secrecy: a Regional API takes TLS 1.0 unless it is told. The L2
 * has no property for either. Source: API Gateway's developer guide, "Supported security policies".
 */
function requireModernTls({ node: { defaultChild } }: RestApi): void {
  if (!CfnRestApi.isCfnRestApi(defaultChild)) throw new Error("a REST API is made by a CfnRestApi");
  defaultChild.securityPolicy = "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09";
  // Every SecurityPolicy_* needs a mode. STRICT also wants the name of the TLS handshake to be that of `Host`, which
  // proxies in front of an API don't keep.
  defaultChild.endpointAccessMode = "BASIC";
}

/** `resourcePath` and not `path`: a link's path is its secret. */
const accessLogFormat = AccessLogFormat.custom(
  JSON.stringify({
    request_id: AccessLogField.contextRequestId(),
    at: AccessLogField.contextRequestTime(),
    ip: AccessLogField.contextIdentitySourceIp(),
    method: AccessLogField.contextHttpMethod(),
    resource: AccessLogField.contextResourcePath(),
    status: AccessLogField.contextStatus(),
    bytes: AccessLogField.contextResponseLength(),
    duration_ms: AccessLogField.contextResponseLatency(),
    function_ms: AccessLogField.contextIntegrationLatency(),
    error: AccessLogField.contextErrorResponseType(),
    // CDK has no names for these two.
    tls: "$context.tlsVersion",
    cipher: "$context.cipherSuite",
  }),
);

const ownTokens =
  "Wharf's own bearer tokens are checked by the functions at every call, so that a revoked client stops at once; token, health, docs and link routes are public by contract.";

const reasons = {
  "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]":
    "The policy that AWS documents for API Gateway's account-wide logging role; no function of Wharf holds it.",
  "AwsSolutions-APIG2":
    "The functions validate every request against the contract's schemas, with errors that name each field.",
  "AwsSolutions-APIG3":
    "A web ACL is priced and tuned per account: attach one to the stage where policy asks for it. Throttling is on.",
  "AwsSolutions-APIG4": ownTokens,
  "AwsSolutions-COG4": ownTokens,
  "AwsSolutions-APIG6":
    "Execution logs write request paths, and a link's path is its secret. Access logs and the functions' own lines carry the rest.",
  "Serverless-APIGWXrayEnabled":
    "Calls are followed by X-Request-ID through logs, events and deliveries; sampled traces would add cost and no fact.",
};
