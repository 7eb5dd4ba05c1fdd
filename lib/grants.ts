import type { Table } from "aws-cdk-lib/aws-dynamodb";
import type { EventBus } from "aws-cdk-lib/aws-events";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import {
  DUE_INDEX,
  type DueKind,
  OPEN_INDEX,
  openShards,
  type PartitionName,
  partitions,
} from "#aws/keys.ts";

export type TableAction =
  | "GetItem"
  | "BatchGetItem"
  | "Query"
  | "PutItem"
  | "UpdateItem"
  | "DeleteItem"
  | "ConditionCheckItem";

/** What a role may do with which partitions of the table. */
export type TableAccess = Partial<Record<TableAction, readonly PartitionName[]>>;

export type ObjectAction =
  | "PutObject"
  | "GetObject"
  | "DeleteObject"
  | "AbortMultipartUpload"
  | "ListMultipartUploadParts";

/** Grants of single actions, so that a role holds what its function does and nothing beside. */
export const grants = {
  /** Items of the table, not of its index. A transaction is allowed by the actions of its items. */
  items(table: Table, grantee: IGrantable, access: TableAccess): void {
    for (const [action, names] of Object.entries(access)) {
      Grant.addToPrincipal({
        grantee,
        actions: [`dynamodb:${action}`],
        // CDK's own table grants take in every index.
        resourceArns: [table.tableArn],
        conditions: inPartitions(names.map((name) => partitions[name])),
      });
    }
  },

  /** Reading what is due, of these kinds. */
  due(table: Table, grantee: IGrantable, ...kinds: DueKind[]): void {
    Grant.addToPrincipal({
      grantee,
      actions: ["dynamodb:Query"],
      resourceArns: [`${table.tableArn}/index/${DUE_INDEX}`],
      // Of a query on an index the leading key is the index's own.
      conditions: inPartitions(kinds.map((kind) => `${kind}#*`)),
    });
  },

  /** Reading what clients have open. */
  open(table: Table, grantee: IGrantable): void {
    Grant.addToPrincipal({
      grantee,
      actions: ["dynamodb:Query"],
      resourceArns: [`${table.tableArn}/index/${OPEN_INDEX}`],
      conditions: inPartitions([...new Set(openShards("").map((shard) => `${shard.split("#")[0]}#*`))]),
    });
  },

  /** Uploaded objects, which are all under `o/`. */
  objects(bucket: Bucket, grantee: IGrantable, ...actions: ObjectAction[]): void {
    const resourceArns = [bucket.arnForObjects("o/*")];
    Grant.addToPrincipal({ grantee, actions: actions.map((action) => `s3:${action}`), resourceArns });
  },

  /** What forms bring, all under `f/`, until it has become an upload's. */
  posted(bucket: Bucket, grantee: IGrantable, ...actions: ObjectAction[]): void {
    const resourceArns = [bucket.arnForObjects("f/*")];
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

/**
 * Limits a statement to partitions. `ForAllValues` alone would hold where a call names no partition, as a Scan.
 * Source: IAM User Guide, "Set operators for multi-valued context keys".
 */
function inPartitions(patterns: string[]): Record<string, Record<string, unknown>> {
  return {
    "ForAllValues:StringLike": { "dynamodb:LeadingKeys": patterns },
    Null: { "dynamodb:LeadingKeys": "false" },
  };
}
