/**
 * The one table, as verbs use it: typed reads, conditional writes, transactions.
 *
 * In every expression `#name` stands for the attribute `name` and `:value` for `values.value`, so that names
 * never clash with DynamoDB's reserved words and nothing is declared twice.
 */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  TransactionCanceledException,
  TransactionConflictException,
} from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactGetCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type * as z from "zod";
import { type Changes, countsUp, expressionOf, type Settled } from "./changes.ts";
import type { DUE_INDEX, Key, OPEN_INDEX } from "./keys.ts";

export type Item = Record<string, unknown>;
type Values = Record<string, unknown>;

/**
 * What is to be told where a write's condition doesn't hold, by what stands there instead; nothing where whoever writes
 * is to read again, and decide anew.
 */
export type Else = (item: Item | undefined) => Error | undefined;

export interface Condition {
  condition?: string;
  values?: Values;
  else?: Else;
}
/**
 * What must hold of what stands there; else, in words, why it may be written over whatever that is. A write alone is
 * sent again where its answer is lost, and a copy of it may still arrive when others have written since.
 */
export type WriteGuard = { condition: string; values?: Values; else?: Else; blind?: never } | Blind;
interface Blind {
  /** Why whatever stands there may be written over. */
  blind: string;
  condition?: never;
  values?: Values;
  else?: never;
}
export type Put = WriteGuard & {
  put: Item & Key;
};
export interface Update extends Condition {
  update: Changes;
  key: Key;
}
export interface Remove extends Condition {
  remove: Key;
}
export interface Check extends Condition {
  check: Key;
  condition: string;
}
/** A write that stands alone: nothing but its own condition tells DynamoDB that it has come before. */
export type Alone<W extends Update | Remove> = W & WriteGuard & (W extends Update ? Repeats : unknown);
/** Of one that counts: how it knows its own repeat, or why counting twice does no harm. */
type Repeats = { repeats: string } | { update: Settled; repeats?: string };
/** One entry of a transaction. */
export type Write = Put | Update | Remove | Check;

/** The condition of a single write did not hold, and it has nothing to tell; `item` is what stood there, if anything did. */
export class ConditionFailed extends Error {
  readonly item: Item | undefined;
  constructor(item: Item | undefined) {
    super("a condition of the write does not hold");
    this.item = item;
  }
}

/**
 * A transaction did not happen, and the first of its writes whose condition did not hold has nothing to tell. `failed`
 * has all of those, with what stood there.
 */
export class TransactionFailed extends Error {
  readonly failed: ReadonlyMap<Write, Item | undefined>;
  constructor(failed: ReadonlyMap<Write, Item | undefined>, options?: ErrorOptions) {
    super("the transaction did not happen", options);
    this.failed = failed;
  }
}

export interface QueryInput extends Condition {
  /** Key condition, e.g. `#pk = :pk AND begins_with(#sk, :prefix)`. */
  where: string;
  values: Values;
  filter?: string;
  limit?: number;
  descending?: boolean;
  consistent?: boolean;
  index?: typeof DUE_INDEX | typeof OPEN_INDEX;
  after?: Item | Key | undefined;
}

const BATCH_GET = 100; // DynamoDB: 100 keys at most in a BatchGetItem
const PARALLEL_GETS = 10;
const TRIES = 5;

export type Table = ReturnType<typeof createTable>;

/** Binds the verbs' table operations to a client and a table's name. */
export function createTable(client: DynamoDBClient, name: string) {
  const doc = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });

  /** Reads one item strongly consistently (unless told otherwise) and checks its shape. */
  async function get<T>(schema: z.ZodType<T>, key: Key, options: { consistent?: boolean } = {}) {
    const { Item } = await doc.send(
      new GetCommand({ TableName: name, Key: key, ConsistentRead: options.consistent ?? true }),
    );
    return Item === undefined ? undefined : schema.parse(Item);
  }

  /**
   * Reads items in any number, strongly consistently, in one round trip per 1,000. Missing ones are left out.
   *
   * @throws Error for a key that is given twice.
   */
  async function batchGet(all: readonly Key[]): Promise<Item[]> {
    refuseTwice(all);
    const found: Item[] = [];
    for (let start = 0; start < all.length; start += BATCH_GET * PARALLEL_GETS) {
      const batches = Array.from({ length: PARALLEL_GETS }, (_, index) => start + index * BATCH_GET)
        .filter((from) => from < all.length)
        .map((from) => getBatch(all.slice(from, from + BATCH_GET)));
      found.push(...(await Promise.all(batches)).flat());
    }
    return found;
  }

  async function getBatch(keys: readonly Key[]): Promise<Item[]> {
    const found: Item[] = [];
    let wanted: Item[] = keys.map((key) => ({ ...key }));
    for (let attempt = 0; wanted.length > 0; attempt++) {
      if (attempt === TRIES)
        throw new Error(`BatchGetItem left ${wanted.length} keys unread after ${TRIES} tries`);
      if (attempt > 0) await backOff(attempt);
      const answer = await doc.send(
        new BatchGetCommand({ RequestItems: { [name]: { Keys: wanted, ConsistentRead: true } } }),
      );
      found.push(...(answer.Responses?.[name] ?? []));
      wanted = answer.UnprocessedKeys?.[name]?.Keys ?? [];
    }
    return found;
  }

  /** Writes one item. @throws what its `else` tells, or ConditionFailed, with the item that stood in the way. */
  async function put(write: Put): Promise<void> {
    await conditional(write, () => doc.send(new PutCommand(putting(write))));
  }

  /**
   * Writes one item under a new id, which nobody else can have: where it stands already, a first sending of the same
   * write got through whose answer was lost, and what has become of it since is left alone.
   */
  async function add(item: Item & Key): Promise<void> {
    try {
      await put({ put: item, condition: "attribute_not_exists(#pk)" });
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
    }
  }

  /** Updates one item and returns it as it is afterwards. @throws what its `else` tells, or ConditionFailed */
  async function update(write: Alone<Update>): Promise<Item> {
    requireRepeats(write);
    const answer = await conditional(write, () =>
      doc.send(new UpdateCommand({ ...changing(write), ReturnValues: "ALL_NEW" })),
    );
    return answer.Attributes ?? {};
  }

  /** Deletes one item. @throws what its `else` tells, or ConditionFailed */
  async function remove(write: Alone<Remove>): Promise<void> {
    await conditional(write, () => doc.send(new DeleteCommand(removing(write))));
  }

  /** One page of a query; `next` is the last key read, or `undefined` at the end. */
  async function query(input: QueryInput): Promise<{ items: Item[]; next: Item | undefined }> {
    const answer = await doc.send(
      new QueryCommand({
        TableName: name,
        IndexName: input.index,
        KeyConditionExpression: input.where,
        FilterExpression: input.filter,
        ...naming(`${input.where} ${input.filter ?? ""}`, input.values),
        Limit: input.limit,
        ScanIndexForward: input.descending !== true,
        ConsistentRead: input.index === undefined && (input.consistent ?? true),
        ExclusiveStartKey: input.after,
      }),
    );
    return { items: answer.Items ?? [], next: answer.LastEvaluatedKey };
  }

  /**
   * Whether an item is there, by all transactions of which anything can be seen: other reads may see one item of a
   * transaction before another. `undefined` while one that writes it is under way.
   *
   * Source: Amazon DynamoDB Developer Guide, "DynamoDB transactions: How it works", "Isolation levels".
   */
  async function isThere(key: Key): Promise<boolean | undefined> {
    try {
      const { Responses = [] } = await doc.send(
        new TransactGetCommand({ TransactItems: [{ Get: { TableName: name, Key: key } }] }),
      );
      return Responses[0]?.Item !== undefined;
    } catch (error) {
      if (error instanceof TransactionCanceledException) return undefined;
      throw error;
    }
  }

  /**
   * Does all writes or none. A conflict with another transaction is tried again a few times; an unmet
   * condition is not. All tries have one client request token, so that no repeat does harm: the SDK's, nor a first copy
   * that is carried out between a conflict and our next try. What was cancelled may come again with its token.
   *
   * Of several writes whose conditions don't hold the first speaks: what must be told first stands first.
   *
   * @throws what that one's `else` tells, or TransactionFailed.
   */
  async function transact(writes: readonly Write[]): Promise<void> {
    requireGuard(writes);
    const TransactItems = writes.map(entry);
    const ClientRequestToken = crypto.randomUUID();
    for (let attempt = 1; ; attempt++) {
      try {
        await doc.send(new TransactWriteCommand({ TransactItems, ClientRequestToken }));
        return;
      } catch (error) {
        if (!(error instanceof TransactionCanceledException)) throw error;
        const reasons = error.CancellationReasons ?? [];
        const failed = new Map<Write, Item | undefined>();
        for (const [index, write] of writes.entries()) {
          const reason = reasons[index];
          if (reason?.Code === "ConditionalCheckFailed")
            failed.set(write, reason.Item && unmarshall(reason.Item));
        }
        const passing = reasons.some(
          ({ Code }) => Code === "TransactionConflict" || Code === "ThrottlingError",
        );
        const [first] = failed;
        if (first !== undefined)
          throw first[0].else?.(first[1]) ?? new TransactionFailed(failed, { cause: error });
        if (!passing || attempt === TRIES) throw error;
        await backOff(attempt);
      }
    }
  }

  type Entry = NonNullable<TransactWriteCommandInput["TransactItems"]>[number];

  function entry(write: Write): Entry {
    if ("put" in write) return { Put: putting(write) };
    if ("update" in write) return { Update: changing(write) };
    if ("remove" in write) return { Delete: removing(write) };
    return {
      ConditionCheck: {
        ...here,
        Key: write.check,
        ConditionExpression: write.condition,
        ...naming(write.condition, write.values),
      },
    };
  }

  /** In this table; what stands in the way of a condition is told. */
  const here = { TableName: name, ReturnValuesOnConditionCheckFailure: "ALL_OLD" } as const;
  const putting = (write: Put) => ({ ...here, Item: storableItem(write.put), ...condition(write) });
  const changing = (write: Update) => ({ ...here, Key: write.key, ...updating(write) });
  const removing = (write: Remove) => ({ ...here, Key: write.remove, ...condition(write) });

  return { name, get, batchGet, put, add, update, remove, query, isThere, transact };
}

/** DynamoDB: "Provided list of item keys contains duplicates", of each 100; said here with the key, and of all. */
function refuseTwice(all: readonly Key[]): void {
  const seen = new Set<string>();
  for (const key of all) {
    const name = JSON.stringify([key.pk, key.sk]);
    if (seen.has(name)) throw new Error(`batchGet was given ${name} twice; give each key once.`);
    seen.add(name);
  }
}

/** Refuses an update that counts, alone, without a word on its repeat: the SDK sends again what got no answer. */
function requireRepeats({ update, repeats }: Alone<Update>): void {
  if (repeats === undefined && countsUp(update))
    throw new Error(
      `"${expressionOf(update).expression}" counts again where it is sent again; say in \`repeats\` how it knows or why that does no harm.`,
    );
}

/** Refuses a transaction that counts and asks for nothing: a copy that comes after 10 minutes, its token forgotten, would count again. */
function requireGuard(writes: readonly Write[]): void {
  const counting = writes.flatMap((write) =>
    "update" in write && countsUp(write.update) ? [write.update] : [],
  );
  if (counting[0] !== undefined && writes.every(({ condition }) => condition === undefined))
    throw new Error(
      `"${expressionOf(counting[0]).expression}" counts again where its transaction comes again late; give one of its writes a condition.`,
    );
}

/**
 * The value with every object that has a member `constructor` as a Map: the document client tells objects from others
 * by their `constructor`, and takes one that came from outside for a class that it doesn't know.
 */
function storable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== "object" || value === null) return value;
  const own = Object.hasOwn(value, "constructor");
  if (!own && Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).map(([name, inner]): [string, unknown] => [name, storable(inner)]);
  return own ? new Map(entries) : Object.fromEntries(entries);
}

/** The same for all of an item's attributes. */
function storableItem<T extends Item>(item: T): Item {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, storable(value)]));
}

/** An update's expression and its condition, with the names and values of both. */
function updating(write: Update) {
  const { expression, values } = expressionOf(write.update, write.values);
  return { UpdateExpression: expression, ...condition({ ...write, values }, expression) };
}

function condition(write: Condition, expression = "") {
  return {
    ...(write.condition === undefined ? {} : { ConditionExpression: write.condition }),
    ...naming(`${expression} ${write.condition ?? ""}`, write.values),
  };
}

/** Declares the `#names` that an expression uses, and gives each value its `:name`. */
function naming(expression: string, values: Values | undefined) {
  const names = [...expression.matchAll(/#(\w+)/g)].map(([token, attribute]) => [token, attribute]);
  const entries = Object.entries(values ?? {}).filter(([, value]) => value !== undefined);
  return {
    ...(names.length === 0 ? {} : { ExpressionAttributeNames: Object.fromEntries(names) }),
    ...(entries.length === 0
      ? {}
      : {
          ExpressionAttributeValues: Object.fromEntries(
            entries.map(([key, value]) => [`:${key}`, storable(value)]),
          ),
        }),
  };
}

/** Whether a write or a transaction happened, where that is enough to know. @throws what its `else` tells. */
export async function happened(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof TransactionFailed || error instanceof ConditionFailed) return false;
    throw error;
  }
}

async function conditional<T>(write: Condition, send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) {
        // The document client doesn't translate the items of errors.
        const item = error.Item && unmarshall(error.Item);
        throw write.else?.(item) ?? new ConditionFailed(item);
      }
      // A transaction is under way on the item, and nothing was written. The SDK doesn't try again by itself.
      if (!(error instanceof TransactionConflictException) || attempt === TRIES) throw error;
      await backOff(attempt);
    }
  }
}

/** Full jitter: somewhere between 0 and 25 ms · 2^attempt. */
function backOff(attempt: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * 25 * 2 ** attempt));
}
