/** TransactWriteItems: all of its writes or none, and nobody sees it half done. */
import { createHash } from "node:crypto";
import { AwsError } from "../../types.ts";
import type { Item } from "../attribute-value.ts";
import { doubled, readUnits, writeUnits } from "../capacity.ts";
import { type Context, type Operation, openTable } from "../context.ts";
import { integerOf, textOf } from "../database.ts";
import { constraintError, validationError } from "../errors.ts";
import { choice, type Input, optionalText, record, records } from "../input.ts";
import { itemSize } from "../item-size.ts";
import {
  evaluateWrite,
  isValidationError,
  type Outcome,
  parseWrite,
  type WriteKind,
  type WriteRequest,
} from "../write.ts";

const MAX_WRITES = 100; // DynamoDB: 100 actions a transaction
const MAX_BYTES = 4 * 1024 * 1024; // DynamoDB: 4 MB of items a transaction
const KINDS: Record<WriteKind, string> = {
  Put: "PutItem",
  Update: "UpdateItem",
  Delete: "DeleteItem",
  ConditionCheck: "ConditionCheckItem",
};
/** DynamoDB: a client request token is good for 10 minutes. */
export const TOKEN_LIFETIME = 10 * 60 * 1000;

interface Entry extends WriteRequest {
  kind: WriteKind;
  returnOld: boolean;
}
interface Reason {
  Code: "None" | "ConditionalCheckFailed" | "ValidationError";
  Message?: string;
  Item?: Item;
}

export const transactWriteItems: Operation = (input, context) => {
  const capacity = choice(input, "ReturnConsumedCapacity", ["NONE", "TOTAL", "INDEXES"]);
  const entries = records(input, "TransactItems", MAX_WRITES).map((entry) => parseEntry(entry, context));
  refuseDuplicates(entries);
  const token = readToken(input);
  if (token && isRepeated(token, context)) {
    for (const { table, key } of entries) {
      context.meter.read(table, readUnits(context.store.get(table, key)?.size ?? 0, "transaction"));
    }
  } else {
    carryOut(entries, token, context);
  }
  const consumed = context.meter.consumed(capacity);
  return consumed ? { ConsumedCapacity: consumed } : {};
};

function parseEntry(input: Input, context: Context): Entry {
  const kinds = (["Put", "Update", "Delete", "ConditionCheck"] as const).filter(
    (kind) => input[kind] != null,
  );
  const [kind] = kinds;
  if (!kind || kinds.length > 1) {
    throw validationError("TransactItems can only contain one of Check, Put, Update or Delete");
  }
  const request = record(input, kind);
  const table = openTable(context, request, {
    action: KINDS[kind],
    items: [request["Item"] ?? request["Key"]],
    enclosing: "TransactWriteItems",
  });
  if (kind === "Update" && optionalText(request, "UpdateExpression") === undefined) {
    throw constraintError(
      undefined,
      "transactItems.member.update.updateExpression",
      "Member must not be null",
    );
  }
  return {
    ...parseWrite(kind, request, table),
    kind,
    returnOld: choice(request, "ReturnValuesOnConditionCheckFailure", ["NONE", "ALL_OLD"]) === "ALL_OLD",
  };
}

function refuseDuplicates(entries: Entry[]): void {
  const keys = entries.map(
    ({ table, key }) => `${table.id} ${key.hash.toString("hex")} ${key.range.toString("hex")}`,
  );
  if (new Set(keys).size < keys.length) {
    throw validationError("Transaction request cannot include multiple operations on one item");
  }
}

function carryOut(entries: Entry[], token: Token | undefined, context: Context): void {
  const { store, meter, db } = context;
  const results = entries.map((entry) => attempt(entry, context));
  for (const [index, { table }] of entries.entries()) {
    const { old, next } = results[index]?.outcome ?? {};
    meter.write(table, doubled(writeUnits(table, old, next)));
  }
  const reasons = results.map(({ reason }) => reason);
  if (reasons.some(({ Code }) => Code !== "None")) {
    throw new AwsError(
      "TransactionCanceledException",
      `Transaction cancelled, please refer cancellation reasons for specific reasons [${reasons.map(({ Code }) => Code).join(", ")}]`,
      400,
      { CancellationReasons: reasons },
    );
  }
  const writes = entries.flatMap(({ kind, table, key }, index) => {
    const outcome = results[index]?.outcome;
    return outcome && kind !== "ConditionCheck" ? [{ table, key, old: outcome.old, next: outcome.next }] : [];
  });
  if (writes.reduce((bytes, { next }) => bytes + (next ? itemSize(next) : 0), 0) > MAX_BYTES) {
    throw validationError("Transaction size exceeds the limit of 4 MB");
  }
  store.commit(writes, () => {
    if (!token) return;
    db.run(
      "INSERT OR REPLACE INTO request_tokens (token, digest, at) VALUES (?, ?, ?)",
      token.token,
      token.digest,
      context.now(),
    );
  });
}

function attempt(entry: Entry, { store }: Context): { outcome: Outcome | undefined; reason: Reason } {
  try {
    const outcome = evaluateWrite(store, entry);
    if (!outcome.failed) return { outcome, reason: { Code: "None" } };
    return {
      outcome,
      reason: {
        Code: "ConditionalCheckFailed",
        Message: "The conditional request failed",
        ...(entry.returnOld && outcome.old && { Item: outcome.old.item }),
      },
    };
  } catch (error) {
    if (!isValidationError(error)) throw error;
    return { outcome: undefined, reason: { Code: "ValidationError", Message: error.message } };
  }
}

interface Token {
  token: string;
  /** Of everything else that was asked. */
  digest: string;
}

function readToken(input: Input): Token | undefined {
  const token = optionalText(input, "ClientRequestToken");
  if (token === undefined) return undefined;
  if (token.length < 1 || token.length > 36) {
    throw constraintError(token, "clientRequestToken", "Member must have length from 1 to 36");
  }
  const { ClientRequestToken: _, ...others } = input;
  const digest = createHash("sha256").update(JSON.stringify(others)).digest("hex");
  return { token, digest };
}

/** Whether this very transaction was committed within the lifetime of its token. */
function isRepeated({ token, digest }: Token, { db, now }: Context): boolean {
  const row = db.get("SELECT digest, at FROM request_tokens WHERE token = ?", token);
  if (!row || integerOf(row, "at") <= now() - TOKEN_LIFETIME) return false;
  if (textOf(row, "digest") === digest) return true;
  throw new AwsError(
    "IdempotentParameterMismatchException",
    "Request parameters do not match those of the earlier request with this ClientRequestToken",
  );
}
