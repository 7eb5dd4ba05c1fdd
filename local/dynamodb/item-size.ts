/** Sizes as DynamoDB counts them, for limits and capacity. */
import { type AttributeValue, type Item, typeOf } from "./attribute-value.ts";
import { numberSize } from "./decimal.ts";

/** DynamoDB: 400 KB an item, names included. */
export const MAX_ITEM_SIZE = 400 * 1024;

/** Bytes of an item: names and values. */
export function itemSize(item: Item): number {
  let size = 0;
  for (const name in item) {
    const value = item[name];
    if (value) size += Buffer.byteLength(name) + valueSize(value);
  }
  return size;
}

function valueSize(value: AttributeValue): number {
  const type = typeOf(value);
  switch (type) {
    case "S":
      return Buffer.byteLength(value.S ?? "");
    case "N":
      return numberSize(value.N ?? "0");
    case "B":
      return Buffer.byteLength(value.B ?? "", "base64");
    case "BOOL":
    case "NULL":
      return 1;
    case "SS":
      return sum(value.SS ?? [], (member) => Buffer.byteLength(member));
    case "NS":
      return sum(value.NS ?? [], numberSize);
    case "BS":
      return sum(value.BS ?? [], (member) => Buffer.byteLength(member, "base64"));
    case "L": // 3 bytes of overhead, and one for each element
      return 3 + sum(value.L ?? [], (element) => 1 + valueSize(element));
    case "M":
      return 3 + Object.keys(value.M ?? {}).length + itemSize(value.M ?? {});
  }
}

function sum<T>(values: T[], size: (value: T) => number): number {
  return values.reduce((total, value) => total + size(value), 0);
}
