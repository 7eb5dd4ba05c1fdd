/** TransactGetItems: items as they stood at one moment. */
import { parseItem } from "../attribute-value.ts";
import { readUnits } from "../capacity.ts";
import { type Operation, openTable } from "../context.ts";
import { choice, record, records } from "../input.ts";
import { parameterKey } from "../keys.ts";
import { parseProjector } from "./get-item.ts";

const MAX_READS = 100; // DynamoDB: 100 items a transaction

export const transactGetItems: Operation = (input, context) => {
  const capacity = choice(input, "ReturnConsumedCapacity", ["NONE", "TOTAL", "INDEXES"]);
  const reads = records(input, "TransactItems", MAX_READS).map((entry) => {
    const get = record(entry, "Get");
    const table = openTable(context, get, {
      action: "GetItem",
      items: [get["Key"]],
      enclosing: "TransactGetItems",
    });
    return {
      table,
      key: parameterKey(parseItem(record(get, "Key")), table.keys),
      project: parseProjector(get),
    };
  });
  const responses = reads.map(({ table, key, project }) => {
    const found = context.store.get(table, key);
    context.meter.read(table, readUnits(found?.size ?? 0, "transaction"));
    return found ? { Item: project(found.item) } : {};
  });
  const consumed = context.meter.consumed(capacity);
  return { Responses: responses, ...(consumed && { ConsumedCapacity: consumed }) };
};
