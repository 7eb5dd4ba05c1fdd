/** GetItem, and the part of it that BatchGetItem and TransactGetItems share. */
import { type Item, parseItem } from "../attribute-value.ts";
import { readUnits } from "../capacity.ts";
import { type Operation, openTable } from "../context.ts";
import { projectItem } from "../expression/path.ts";
import { parseProjection } from "../expression/projection.ts";
import { createScope } from "../expression/scope.ts";
import { choice, flag, type Input, optionalText, record, refuseLegacy } from "../input.ts";
import { parameterKey } from "../keys.ts";

export const getItem: Operation = (input, context) => {
  const table = openTable(context, input, { action: "GetItem", items: [input["Key"]] });
  const mode = flag(input, "ConsistentRead") ? "consistent" : "eventual";
  const capacity = choice(input, "ReturnConsumedCapacity", ["NONE", "TOTAL", "INDEXES"]);
  const project = parseProjector(input);
  const found = context.store.get(table, parameterKey(parseItem(record(input, "Key")), table.keys));
  context.meter.read(table, readUnits(found?.size ?? 0, mode));
  const consumed = context.meter.consumed(capacity)?.[0];
  return { ...(found && { Item: project(found.item) }), ...(consumed && { ConsumedCapacity: consumed }) };
};

/** Reads a request's projection; without one, items stay whole. */
export function parseProjector(input: Input): (item: Item) => Item {
  refuseLegacy(input);
  const scope = createScope(input, ["ProjectionExpression"]);
  const text = optionalText(input, "ProjectionExpression");
  if (text === undefined) return (item) => item;
  const paths = parseProjection(text, scope);
  scope.assertAllUsed();
  return (item) => projectItem(item, paths);
}
