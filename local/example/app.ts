/** A CDK app: orders come by an API, are kept in a bucket, and are packed by what reads a queue. */
import { fileURLToPath } from "node:url";
import { App, CfnOutput, Stack } from "aws-cdk-lib";
import { LambdaIntegration, RestApi } from "aws-cdk-lib/aws-apigateway";
import { AttributeType, BillingMode, Table } from "aws-cdk-lib/aws-dynamodb";
import { Runtime } from "aws-cdk-lib/aws-lambda";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { NodejsFunction, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { Queue } from "aws-cdk-lib/aws-sqs";

const stack = new Stack(new App(), "orders");
const bucket = new Bucket(stack, "Bucket");
const table = new Table(stack, "Table", {
  partitionKey: { name: "id", type: AttributeType.STRING },
  billingMode: BillingMode.PAY_PER_REQUEST,
});
const queue = new Queue(stack, "Queue", {
  deadLetterQueue: { queue: new Queue(stack, "Dead"), maxReceiveCount: 3 },
});

function handler(name: string): NodejsFunction {
  return new NodejsFunction(stack, name, {
    runtime: Runtime.NODEJS_24_X,
    entry: fileURLToPath(new URL(`${name}.ts`, import.meta.url)),
    environment: { BUCKET: bucket.bucketName, TABLE: table.tableName, QUEUE: queue.queueUrl },
    // The SDK too: a function finds what is in its bundle, and nothing else.
    bundling: { format: OutputFormat.ESM, mainFields: ["module", "main"], bundleAwsSDK: true },
  });
}

const order = handler("order");
bucket.grantPut(order);
queue.grantSendMessages(order);
const pack = handler("pack");
bucket.grantRead(pack);
table.grantWriteData(pack);
pack.addEventSource(new SqsEventSource(queue, { reportBatchItemFailures: true }));

const api = new RestApi(stack, "Api");
api.root.addResource("orders").addMethod("POST", new LambdaIntegration(order));

new CfnOutput(stack, "BucketName", { value: bucket.bucketName });
new CfnOutput(stack, "TableName", { value: table.tableName });
new CfnOutput(stack, "Orders", { value: api.urlForPath("/orders") });
