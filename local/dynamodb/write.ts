/** One write, alone or in a transaction: what was asked, and what it would do. */
import type { AwsError } from "../types.ts";
import { type Item, parseItem } from "./attribute-value.ts";
import { validationError } from "./errors.ts";
import { applyUpdate } from "./expression/apply-update.ts";
import { parseCondition } from "./expression/condition.ts";
import type { Condition } from "./expression/condition-tree.ts";
import { meets } from "./expression/evaluate-condition.ts";
import { createScope } from "./expression/scope.ts";
import { type Action, parseUpdate } from "./expression/update.ts";
import { type Input, optionalText, record, refuseLegacy } from "./input.ts";
import { itemSize, MAX_ITEM_SIZE } from "./item-size.ts";
import { type EncodedKey, itemKey, keyAttributes, parameterKey } from "./keys.ts";
import type { Store, StoredItem } from "./store.ts";
import { checkIndexKeys, type Table } from "./table.ts";

export type WriteKind = "Put" | "Update" | "Delete" | "ConditionCheck";

/** A write whose parameters are valid. */
export interface WriteRequest {
  table: Table;
  key: EncodedKey;
  condition: Condition | undefined;
  /** What the item becomes, given the one that is there. Throws `ValidationException`. */
  next(old: Item | undefined): Item | undefined;
  /** What the update expression does. */
  actions: Action[];
}

/** Reads the parameters of a write. */
export function parseWrite(kind: WriteKind, input: Input, table: Table): WriteRequest {
  refuseLegacy(input);
  const expressions =
    kind === "Update" ? ["UpdateExpression", "ConditionExpression"] : ["ConditionExpression"];
  const scope = createScope(input, expressions);
  const updateText = kind === "Update" ? optionalText(input, "UpdateExpression") : undefined;
  const actions = updateText === undefined ? [] : parseUpdate(updateText, scope);
  const conditionText = optionalText(input, "ConditionExpression");
  const condition =
    conditionText === undefined ? undefined : parseCondition("ConditionExpression", conditionText, scope);
  if (kind === "ConditionCheck" && !condition) {
    throw validationError("The conditionExpression parameter is required for ConditionCheck");
  }
  scope.assertAllUsed();
  const common = { table, condition, actions };
  if (kind === "Put") {
    const item = parseItem(record(input, "Item"));
    const key = itemKey(item, table.keys);
    checkIndexKeys(item, table);
    if (itemSize(item) > MAX_ITEM_SIZE) {
      throw validationError("Item size has exceeded the maximum allowed size");
    }
    return { ...common, key, next: () => item };
  }
  const key = parseItem(record(input, "Key"));
  const encoded = parameterKey(key, table.keys);
  if (kind === "Delete") return { ...common, key: encoded, next: () => undefined };
  if (kind === "ConditionCheck") return { ...common, key: encoded, next: (old) => old };
  refuseKeyUpdates(actions, table);
  const clears = actions.length > 0 && actions.every(({ kind }) => kind === "remove" || kind === "delete");
  return {
    ...common,
    key: encoded,
    next(old) {
      const item = updated(old ?? key, actions, table);
      // DynamoDB: an update that only takes away does not create the item it is about.
      return !old && clears ? undefined : item;
    },
  };
}

function refuseKeyUpdates(actions: Action[], table: Table): void {
  for (const { name } of keyAttributes(table.keys)) {
    if (!actions.some(({ path }) => path[0] === name)) continue;
    throw validationError(
      `One or more parameter values were invalid: Cannot update attribute ${name}. This attribute is part of the key`,
    );
  }
}

function updated(old: Item, actions: Action[], table: Table): Item {
  const item = structuredClone(old);
  applyUpdate(item, actions);
  checkIndexKeys(item, table);
  if (itemSize(item) > MAX_ITEM_SIZE) {
    throw validationError("Item size to update has exceeded the maximum allowed size");
  }
  return item;
}

/** What a write finds, and what it leaves. */
export interface Outcome {
  old: StoredItem | undefined;
  next: Item | undefined;
  /** The condition does not hold. */
  failed: boolean;
}

/** Looks at the item under the key and works out what the write does to it; writes nothing. */
export function evaluateWrite(store: Store, request: WriteRequest): Outcome {
  const old = store.get(request.table, request.key);
  if (request.condition && !meets(old?.item ?? {}, request.condition)) {
    return { old, next: old?.item, failed: true };
  }
  return { old, next: request.next(old?.item), failed: false };
}

/** Whether an error says that the request is wrong, rather than that the engine is. */
export function isValidationError(error: unknown): error is AwsError {
  return error instanceof Error && error.name === "ValidationException";
}
