/**
 * The behaviours of AWS on which its users rely, and where AWS documents each.
 *
 * The local cloud has every one of them; which independent implementation shows the same is told by the checks of
 * `parts/`, that name behaviours by their id.
 */
export interface Behaviour {
  readonly service: string;
  /** One sentence, for the table in docs/local-cloud.md. */
  readonly what: string;
  readonly documented: string;
}

const AWS = "https://docs.aws.amazon.com";

export const behaviours = {
  "dynamodb.conditional-write": {
    service: "DynamoDB",
    what: "A write whose condition doesn't hold changes nothing, and can hand back the item that was there",
    documented: `${AWS}/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html`,
  },
  "dynamodb.expressions": {
    service: "DynamoDB",
    what: "Condition, update, filter and projection expressions: their grammar, types and refusals",
    documented: `${AWS}/amazondynamodb/latest/developerguide/Expressions.html`,
  },
  "dynamodb.key-conditions": {
    service: "DynamoDB",
    what: "Query by ranges and prefixes of keys, in byte order, page by page in both directions",
    documented: `${AWS}/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html`,
  },
  "dynamodb.transactions": {
    service: "DynamoDB",
    what: "A transaction is all or nothing, has one operation an item and 100 at most, and says which condition failed",
    documented: `${AWS}/amazondynamodb/latest/APIReference/API_TransactWriteItems.html`,
  },
  "dynamodb.transaction-token": {
    service: "DynamoDB",
    what: "A transaction that comes again with its token within 10 minutes is done once, and another one is refused",
    documented: `${AWS}/amazondynamodb/latest/APIReference/API_TransactWriteItems.html`,
  },
  "dynamodb.transaction-conflict": {
    service: "DynamoDB",
    what: "Transactions and writes that meet on an item are cancelled as TransactionConflict",
    documented: `${AWS}/amazondynamodb/latest/developerguide/transaction-apis.html`,
  },
  "dynamodb.limits": {
    service: "DynamoDB",
    what: "Items of 400 KB, keys of 2,048 and 1,024 bytes, numbers of 38 digits, no empty key",
    documented: `${AWS}/amazondynamodb/latest/developerguide/Constraints.html`,
  },
  "dynamodb.stream-order": {
    service: "DynamoDB Streams",
    what: "A stream has each change of an item once and in order, with the images that were asked for",
    documented: `${AWS}/amazondynamodb/latest/developerguide/Streams.html`,
  },
  "lambda.stream-retries": {
    service: "Lambda",
    what: "A failed batch of a stream comes again, halved where asked, and what follows in the shard waits for it",
    documented: `${AWS}/lambda/latest/dg/services-dynamodb-eventsourcemapping.html`,
  },
  "lambda.filters": {
    service: "Lambda",
    what: "An event source's filter keeps from the function what doesn't match",
    documented: `${AWS}/lambda/latest/dg/invocation-eventfiltering.html`,
  },
  "lambda.partial-batches": {
    service: "Lambda",
    what: "Messages that a batch names as failed come again, the others don't",
    documented: `${AWS}/lambda/latest/dg/services-sqs-errorhandling.html`,
  },
  "lambda.timeouts": {
    service: "Lambda",
    what: "A call that takes longer than the function's timeout is ended with its environment",
    documented: `${AWS}/lambda/latest/dg/configuration-timeout.html`,
  },
  "lambda.init": {
    service: "Lambda",
    what: "A module that throws or exits at its import fails the call, and the next call imports it anew",
    documented: `${AWS}/lambda/latest/dg/lambda-runtime-environment.html`,
  },
  "lambda.payload-limit": {
    service: "Lambda",
    what: "Requests and answers have 6 MB at most",
    documented: `${AWS}/lambda/latest/dg/gettingstarted-limits.html`,
  },
  "lambda.environment": {
    service: "Lambda",
    what: "Calls of one environment come one after the other and share its memory; the handler's answer is JSON",
    documented: `${AWS}/lambda/latest/dg/nodejs-handler.html`,
  },
  "sqs.visibility": {
    service: "SQS",
    what: "A message that was received and not deleted is visible again after its timeout",
    documented: `${AWS}/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html`,
  },
  "sqs.redrive": {
    service: "SQS",
    what: "A message received more often than its queue allows goes to the dead-letter queue",
    documented: `${AWS}/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html`,
  },
  "sqs.delay": {
    service: "SQS",
    what: "A message may come 15 minutes later at most",
    documented: `${AWS}/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html`,
  },
  "eventbridge.patterns": {
    service: "EventBridge",
    what: "A rule's pattern decides which events reach its target: exact values, prefixes, anything-but",
    documented: `${AWS}/eventbridge/latest/userguide/eb-create-pattern-operators.html`,
  },
  "eventbridge.object-created": {
    service: "EventBridge",
    what: "A bucket's `Object Created` events reach the default bus, with key, size, etag and reason",
    documented: `${AWS}/AmazonS3/latest/userguide/ev-events.html`,
  },
  "eventbridge.schedule": {
    service: "EventBridge",
    what: "A rule with a rate calls its target each time",
    documented: `${AWS}/eventbridge/latest/userguide/eb-create-rule-schedule.html`,
  },
  "s3.multipart": {
    service: "S3",
    what: "Parts in any order, each 5 MiB at least but the last, sent again at will, listed, completed by number and ETag",
    documented: `${AWS}/AmazonS3/latest/userguide/mpuoverview.html`,
  },
  "s3.checksums": {
    service: "S3",
    what: "A part or object whose bytes differ from the checksum that came with it is refused, also a presigned one",
    documented: `${AWS}/AmazonS3/latest/userguide/checking-object-integrity.html`,
  },
  "s3.full-object-crc": {
    service: "S3",
    what: "Parts' CRC-32 combine to the checksum of the whole object",
    documented: `${AWS}/AmazonS3/latest/userguide/checking-object-integrity-upload.html`,
  },
  "s3.conditional-write": {
    service: "S3",
    what: "`If-None-Match: *` keeps a write from replacing an object",
    documented: `${AWS}/AmazonS3/latest/userguide/conditional-writes.html`,
  },
  "s3.ranges": {
    service: "S3",
    what: "GET of a range is 206 with its bytes, past the end 416; If-None-Match is 304",
    documented: `${AWS}/AmazonS3/latest/API/API_GetObject.html`,
  },
  "s3.response-headers": {
    service: "S3",
    what: "A signed GET may set its answer's Content-Type and Content-Disposition",
    documented: `${AWS}/AmazonS3/latest/API/API_GetObject.html`,
  },
  "s3.presigned": {
    service: "S3",
    what: "A presigned URL allows what was signed and nothing else: method, key, query, signed headers",
    documented: `${AWS}/AmazonS3/latest/API/sigv4-query-string-auth.html`,
  },
  "s3.presigned-expiry": {
    service: "S3",
    what: "A presigned URL ends with its seconds",
    documented: `${AWS}/AmazonS3/latest/userguide/using-presigned-url.html`,
  },
  "s3.cors": {
    service: "S3",
    what: "The bucket's rules answer preflights and expose the headers that they name",
    documented: `${AWS}/AmazonS3/latest/userguide/cors.html`,
  },
  "s3.listing": {
    service: "S3",
    what: "Objects, parts and open uploads are listed in order of their keys, page by page",
    documented: `${AWS}/AmazonS3/latest/API/API_ListMultipartUploads.html`,
  },
  "apigateway.proxy": {
    service: "API Gateway",
    what: "A proxy call has path, query, headers and body as API Gateway hands them on",
    documented: `${AWS}/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html`,
  },
  "apigateway.binary": {
    service: "API Gateway",
    what: "Bodies of binary media types reach a function in base64, and its answers leave as bytes",
    documented: `${AWS}/apigateway/latest/developerguide/api-gateway-payload-encodings.html`,
  },
  "apigateway.mapping": {
    service: "API Gateway",
    what: "Mapping templates are Velocity with `$input`, `$context` and `$util`, and may override status and headers",
    documented: `${AWS}/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html`,
  },
  "apigateway.gateway-responses": {
    service: "API Gateway",
    what: "What API Gateway refuses itself is answered by the API's gateway responses",
    documented: `${AWS}/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html`,
  },
  "apigateway.limits": {
    service: "API Gateway",
    what: "A body has 10 MB, headers 10,240 bytes, a call 29 s",
    documented: `${AWS}/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html`,
  },
  "iam.evaluation": {
    service: "IAM",
    what: "An explicit deny wins, then an allow, else it is refused; actions and resources go by wildcards",
    documented: `${AWS}/IAM/latest/UserGuide/reference_policies_evaluation-logic.html`,
  },
  "iam.conditions": {
    service: "IAM",
    what: "Conditions narrow a statement, by the caller's, the call's and the item's keys (`dynamodb:LeadingKeys`)",
    documented: `${AWS}/IAM/latest/UserGuide/reference_policies_elements_condition.html`,
  },
  "cloudformation.template": {
    service: "CloudFormation",
    what: "The templates are valid: types, properties, references, order",
    documented: `${AWS}/AWSCloudFormation/latest/UserGuide/template-reference.html`,
  },
  "cloudformation.deploy": {
    service: "CloudFormation",
    what: "The templates deploy, and what exists then is what they say",
    documented: `${AWS}/AWSCloudFormation/latest/UserGuide/stacks.html`,
  },
} as const satisfies Record<string, Behaviour>;

export type BehaviourId = keyof typeof behaviours;

export function behaviourIds(): BehaviourId[] {
  return Object.keys(behaviours).filter((id): id is BehaviourId => Object.hasOwn(behaviours, id));
}
