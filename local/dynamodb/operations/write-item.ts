/** PutItem, UpdateItem and DeleteItem. */
import { AwsError } from "../../types.ts";
import type { Item } from "../attribute-value.ts";
import { writeUnits } from "../capacity.ts";
import { type Context, type Operation, openTable } from "../context.ts";
import { projectItem } from "../expression/path.ts";
import { choice, type Input } from "../input.ts";
import { evaluateWrite, type Outcome, parseWrite, type WriteKind, type WriteRequest } from "../write.ts";

type ReturnValues = "NONE" | "ALL_OLD" | "UPDATED_OLD" | "ALL_NEW" | "UPDATED_NEW";

export const putItem: Operation = (input, context) => writeItem("Put", input, context);
export const updateItem: Operation = (input, context) => writeItem("Update", input, context);
export const deleteItem: Operation = (input, context) => writeItem("Delete", input, context);

function writeItem(kind: Exclude<WriteKind, "ConditionCheck">, input: Input, context: Context) {
  const { store, meter } = context;
  const table = openTable(context, input, { action: `${kind}Item`, items: [input["Item"] ?? input["Key"]] });
  const returnValues = readReturnValues(kind, input);
  const onFailure = choice(input, "ReturnValuesOnConditionCheckFailure", ["NONE", "ALL_OLD"]);
  const capacity = choice(input, "ReturnConsumedCapacity", ["NONE", "TOTAL", "INDEXES"]);
  const request = parseWrite(kind, input, table);
  const outcome = evaluateWrite(store, request);
  if (outcome.failed) {
    // DynamoDB: a failed condition consumes what the item that is there would.
    meter.write(table, writeUnits(table, outcome.old, outcome.old?.item));
    throw new AwsError("ConditionalCheckFailedException", "The conditional request failed", 400, {
      ...(onFailure === "ALL_OLD" && outcome.old && { Item: outcome.old.item }),
    });
  }
  store.commit([{ table, key: request.key, old: outcome.old, next: outcome.next }]);
  meter.write(table, writeUnits(table, outcome.old, outcome.next));
  const attributes = returned(returnValues, request, outcome);
  const consumed = meter.consumed(capacity)?.[0];
  return {
    ...(attributes && { Attributes: attributes }),
    ...(consumed && { ConsumedCapacity: consumed }),
  };
}

function readReturnValues(kind: WriteKind, input: Input): ReturnValues {
  const wanted = choice<ReturnValues>(input, "ReturnValues", [
    "NONE",
    "ALL_OLD",
    "UPDATED_OLD",
    "ALL_NEW",
    "UPDATED_NEW",
  ]);
  if (kind === "Update" || wanted === "NONE" || wanted === "ALL_OLD") return wanted;
  throw new AwsError("ValidationException", "Return values set to invalid value");
}

function returned(wanted: ReturnValues, request: WriteRequest, { old, next }: Outcome): Item | undefined {
  if (wanted === "NONE") return undefined;
  const item = wanted === "ALL_OLD" || wanted === "UPDATED_OLD" ? old?.item : next;
  if (!item || wanted === "ALL_OLD" || wanted === "ALL_NEW") return item;
  const part = projectItem(
    item,
    request.actions.map(({ path }) => path),
  );
  return Object.keys(part).length > 0 ? part : undefined;
}
