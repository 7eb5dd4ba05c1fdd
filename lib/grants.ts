import type { Table } from "aws-cdk-lib/aws-dynamodb";
import type { EventBus } from "aws-cdk-lib/aws-events";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { DUE_INDEX } from "#aws/keys.ts";

export type TableAction =
  | "GetItem"
  | "BatchGetItem"
  | "Query"
  | "PutItem"
  | "UpdateItem"
  | "DeleteItem"
  | "ConditionCheckItem";

export type ObjectAction =
  | "PutObject"
  | "GetObject"
  | "DeleteObject"
  | "AbortMultipartUpload"
  | "ListMultipartUploadParts";

/** Grants of single actions, so that a role holds what its function does and nothing beside. */
export const grants = {
  /** Items of the table, not of its index. A transaction is allowed by the actions of its items. */
  items(table: Table, grantee: IGrantable, ...actions: TableAction[]): void {
    // CDK's own table grants take in every index.
    const resourceArns = [table.tableArn];
    Grant.addToPrincipal({ grantee, actions: actions.map((action) => `dynamodb:${action}`), resourceArns });
  },

  /** Reading what is due. */
  due(table: Table, grantee: IGrantable): void {
    const resourceArns = [`${table.tableArn}/index/${DUE_INDEX}`];
    Grant.addToPrincipal({ grantee, actions: ["dynamodb:Query"], resourceArns });
  },

  /** Uploaded objects, which are all under `o/`. */
  objects(bucket: Bucket, grantee: IGrantable, ...actions: ObjectAction[]): void {
    const resourceArns = [bucket.arnForObjects("o/*")];
    Grant.addToPrincipal({ grantee, actions: actions.map((action) => `s3:${action}`), resourceArns });
  },

  /** Being told 404 for an object that isn't there: without it S3 answers 403, as for all that it forbids. */
  missingObjects(bucket: Bucket, grantee: IGrantable): void {
    Grant.addToPrincipal({ grantee, actions: ["s3:ListBucket"], resourceArns: [bucket.bucketArn] });
  },

  send(queue: Queue, grantee: IGrantable): void {
    queue.grants.actions(grantee, ["sqs:SendMessage"]);
  },

  publish(bus: EventBus, grantee: IGrantable): void {
    bus.grants.actions(grantee, ["events:PutEvents"]);
  },
};
