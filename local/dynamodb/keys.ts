/** Primary and index keys: their schema, their limits, and the bytes that order them. */
import { type AttributeValue, attribute, type Item, typeOf } from "./attribute-value.ts";
import { encodeNumber } from "./decimal.ts";
import { validationError } from "./errors.ts";

export interface KeyAttribute {
  name: string;
  type: "S" | "N" | "B";
}
export interface KeySchema {
  hash: KeyAttribute;
  range?: KeyAttribute;
}
/** A key as bytes; `range` is empty where the schema has none. */
export interface EncodedKey {
  hash: Buffer;
  range: Buffer;
}

const MAX_HASH = 2048; // DynamoDB: bytes of a partition key
const MAX_RANGE = 1024; // DynamoDB: bytes of a sort key
const NO_RANGE = Buffer.alloc(0);

/** The attributes of a schema, partition key first. */
export function keyAttributes(schema: KeySchema): KeyAttribute[] {
  return schema.range ? [schema.hash, schema.range] : [schema.hash];
}

/** The key attributes of an item. */
export function keyOf(item: Item, schema: KeySchema): Item {
  const key: Item = {};
  for (const { name } of keyAttributes(schema)) {
    const value = attribute(item, name);
    if (value) key[name] = value;
  }
  return key;
}

/** Encodes the key of an item that is put. Throws `ValidationException` for a missing or wrong key. */
export function itemKey(item: Item, schema: KeySchema): EncodedKey {
  return encode(schema, ({ name, type }) => {
    const value = attribute(item, name);
    if (!value) throw invalid(`Missing the key ${name} in the item`);
    if (typeOf(value) === type) return value;
    throw invalid(`Type mismatch for key ${name} expected: ${type} actual: ${typeOf(value)}`);
  });
}

/** Encodes a `Key` parameter, which has the key attributes and no others. */
export function parameterKey(key: Item, schema: KeySchema): EncodedKey {
  const mismatch = () => validationError("The provided key element does not match the schema");
  if (Object.keys(key).length !== keyAttributes(schema).length) throw mismatch();
  return encode(schema, ({ name, type }) => {
    const value = attribute(key, name);
    if (!value || typeOf(value) !== type) throw mismatch();
    return value;
  });
}

/** Encodes the index key of an item; `undefined` when the item isn't in the index. */
export function indexKey(item: Item, schema: KeySchema): EncodedKey | undefined {
  const complete = keyAttributes(schema).every(({ name }) => attribute(item, name) !== undefined);
  return complete ? encode(schema, ({ name }) => attribute(item, name) ?? {}) : undefined;
}

function encode(schema: KeySchema, value: (attribute: KeyAttribute) => AttributeValue): EncodedKey {
  return {
    hash: encodeKeyValue(value(schema.hash), schema.hash, "hash"),
    range: schema.range ? encodeKeyValue(value(schema.range), schema.range, "range") : NO_RANGE,
  };
}

/** Bytes whose order is DynamoDB's: UTF-8 for strings, as they are for binaries, by value for numbers. */
export function encodeKeyValue(
  value: AttributeValue,
  { name }: KeyAttribute,
  role: "hash" | "range",
): Buffer {
  if (value.N !== undefined) return encodeNumber(value.N);
  const bytes = value.S === undefined ? Buffer.from(value.B ?? "", "base64") : Buffer.from(value.S);
  if (bytes.length === 0) {
    throw validationError(
      `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ${
        value.S === undefined ? "binary" : "string"
      } value. Key: ${name}`,
    );
  }
  if (role === "hash" && bytes.length > MAX_HASH) {
    throw invalid("Size of hashkey has exceeded the maximum size limit of2048 bytes");
  }
  if (role === "range" && bytes.length > MAX_RANGE) {
    throw invalid("Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
  }
  return bytes;
}

/** The first byte string after all that begin with `prefix`; `undefined` when there is none. */
export function successor(prefix: Buffer): Buffer | undefined {
  for (let end = prefix.length; end > 0; end--) {
    const last = prefix[end - 1];
    if (last !== undefined && last < 0xff) {
      return Buffer.concat([prefix.subarray(0, end - 1), Buffer.of(last + 1)]);
    }
  }
  return undefined;
}

function invalid(detail: string) {
  return validationError(`One or more parameter values were invalid: ${detail}`);
}
