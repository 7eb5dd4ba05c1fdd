/** What a cloud holds that no client is shown: looked at with root's credentials. */
import { ListMultipartUploadsCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { DynamoDBDocumentClient, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { DUE_INDEX } from "#aws/keys.ts";
import type { Story } from "./story.ts";

type Told = Pick<Story, "dynamodb" | "s3" | "bucket" | "tableName">;
type Row = Record<string, unknown>;

const MAX_PAGES = 100;

/** Every item that the filter leaves; `#state` stands for the attribute. */
async function scan({ dynamodb, tableName }: Told, filter: string, values: Row, index?: string) {
  const doc = DynamoDBDocumentClient.from(dynamodb);
  const items: Row[] = [];
  let after: Row | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer = await doc.send(
      new ScanCommand({
        TableName: tableName,
        IndexName: index,
        FilterExpression: filter,
        ExpressionAttributeNames: filter.includes("#state") ? { "#state": "state" } : undefined,
        ExpressionAttributeValues: values,
        ExclusiveStartKey: after,
      }),
    );
    items.push(...(answer.Items ?? []));
    after = answer.LastEvaluatedKey;
    if (after === undefined) return items;
  }
  throw new Error(`the table has more than ${MAX_PAGES} pages`);
}

/** Keys of events and deliveries that are still to leave, and of uploads between two states. */
export async function unfinished(told: Told): Promise<string[]> {
  const filter = "begins_with(due_pk, :event) OR begins_with(due_pk, :delivery) OR #state = :finalizing";
  const values = { ":event": "event#", ":delivery": "delivery#", ":finalizing": "finalizing" };
  return (await scan(told, filter, values, DUE_INDEX)).map(({ pk, sk }) => `${pk} ${sk}`);
}

/** Upload sessions that could still become files. */
export function openSessions(told: Told): Promise<Row[]> {
  const values = { ":upload": "UPL#", ":open": "open", ":finalizing": "finalizing" };
  return scan(told, "begins_with(pk, :upload) AND #state IN (:open, :finalizing)", values);
}

/** Records of all versions of all files. */
export function allVersions(told: Told): Promise<Row[]> {
  const values = { ":node": "NODE#", ":version": "VER#" };
  return scan(told, "begins_with(pk, :node) AND begins_with(sk, :version)", values);
}

/** Multipart uploads that S3 holds. */
export async function multipartUploads({ s3, bucket }: Told) {
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  return Uploads;
}

/** Keys of the bucket's objects, sorted; of 1,000 at most. */
export async function objectKeys({ s3, bucket }: Told) {
  const { Contents = [], IsTruncated } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  if (IsTruncated) throw new Error("the bucket has more than 1,000 objects");
  return Contents.map(({ Key }) => Key).sort();
}
