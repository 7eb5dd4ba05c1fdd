/**
 * CRC32C and CRC64NVME, eight bytes a step. Node has neither, and JavaScript's numbers make a 64-bit CRC slow;
 * WebAssembly's i64 does both with one function, as a reflected CRC of any width up to 64 works on the same word.
 */

declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (
    module: object,
  ) => {
    exports: {
      memory: { buffer: ArrayBuffer };
      crc(from: number, to: number, table: number, state: bigint): bigint;
    };
  };
};

/** Reflected polynomials. */
export const POLYNOMIALS = {
  CRC32: 0xedb88320n,
  CRC32C: 0x82f63b78n,
  CRC64NVME: 0x9a6c9329ac4bc9b5n,
} as const;

const TABLE_BYTES = 8 * 256 * 8;
const BUFFER_AT = 2 * TABLE_BYTES;
const PAGES = 8;
const BUFFER_BYTES = PAGES * 65_536 - BUFFER_AT;

/** Unsigned LEB128, the integer encoding of WebAssembly's binary format. */
function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [...bytes, rest];
}

const section = (id: number, content: number[]) => [id, ...leb(content.length), ...content];
const text = (value: string) => [...leb(value.length), ...Buffer.from(value)];

// Locals of the function: next byte, end, table (all i32) and the CRC's state (i64).
const [FROM, TO, TABLE, STATE] = [0, 1, 2, 3];
const [I32, I64, VOID] = [0x7f, 0x7e, 0x40];
const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const i32 = (value: number) => [0x41, ...(value < 64 ? [value] : [0xff, 0x01])]; // signed LEB; only 255 is ≥ 64 here
const i64 = (value: number) => [0x42, value];
const load64 = (offset: number) => [0x29, 0, ...leb(offset)];
const ADD32 = 0x6a;
const XOR64 = 0x85;
const SHIFT_RIGHT64 = 0x88;
const LOW_BYTE_TO_ENTRY = [...i32(255), 0x71, ...i32(3), 0x74]; // (x & 255) << 3
const WRAP = 0xa7;

function loop(leaveIf: number[], body: number[], step: number): number[] {
  const advance = [...get(FROM), ...i32(step), ADD32, ...set(FROM)];
  return [0x02, VOID, 0x03, VOID, ...leaveIf, 0x0d, 1, ...body, ...advance, 0x0c, 0, 0x0b, 0x0b];
}

function assemble(): Uint8Array {
  const words = [
    ...[...get(STATE), ...get(FROM), ...load64(0), XOR64, ...set(STATE)],
    ...Array.from({ length: 8 }, (_, byte) => [
      ...get(TABLE),
      ...[...get(STATE), ...i64(8 * byte), SHIFT_RIGHT64, WRAP, ...LOW_BYTE_TO_ENTRY, ADD32],
      ...load64((7 - byte) * 2048),
      ...(byte > 0 ? [XOR64] : []),
    ]).flat(),
    ...set(STATE),
  ];
  const bytes = [
    ...[...get(TABLE), ...get(STATE), WRAP, ...get(FROM), 0x2d, 0, 0, 0x73, ...LOW_BYTE_TO_ENTRY, ADD32],
    ...[...load64(0), ...get(STATE), ...i64(8), SHIFT_RIGHT64, XOR64, ...set(STATE)],
  ];
  const code = [
    0, // no locals beyond the parameters
    ...loop([...get(FROM), ...i32(8), ADD32, ...get(TO), 0x4b], words, 8), // while from + 8 <= to
    ...loop([...get(FROM), ...get(TO), 0x4f], bytes, 1), // while from < to
    ...get(STATE),
    0x0b,
  ];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 4, I32, I32, I32, I64, 1, I64]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, PAGES]),
    ...section(7, [2, ...text("memory"), 2, 0, ...text("crc"), 0, 0]),
    ...section(10, [1, ...leb(code.length), ...code]),
  ]);
}

function fillTable(into: BigUint64Array, polynomial: bigint): void {
  for (let byte = 0; byte < 256; byte++) {
    let entry = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) entry = entry & 1n ? (entry >> 1n) ^ polynomial : entry >> 1n;
    into[byte] = entry;
  }
  for (let index = 256; index < into.length; index++) {
    const before = into[index - 256] ?? 0n;
    into[index] = (before >> 8n) ^ (into[Number(before & 255n)] ?? 0n);
  }
}

const { memory, crc } = new WebAssembly.Instance(new WebAssembly.Module(assemble())).exports;
const buffer = new Uint8Array(memory.buffer, BUFFER_AT, BUFFER_BYTES);
fillTable(new BigUint64Array(memory.buffer, 0, 2048), POLYNOMIALS.CRC32C);
fillTable(new BigUint64Array(memory.buffer, TABLE_BYTES, 2048), POLYNOMIALS.CRC64NVME);

function run(table: number, state: bigint, bytes: Uint8Array): bigint {
  let next = state;
  for (let at = 0; at < bytes.length; at += BUFFER_BYTES) {
    const piece = bytes.subarray(at, at + BUFFER_BYTES);
    buffer.set(piece);
    next = crc(BUFFER_AT, BUFFER_AT + piece.length, table, next);
  }
  return BigInt.asUintN(64, next);
}

/** CRC-32C (Castagnoli, RFC 3720) of `bytes`, continuing from `previous`. */
export function crc32c(bytes: Uint8Array, previous = 0n): bigint {
  return run(0, previous ^ 0xffffffffn, bytes) ^ 0xffffffffn;
}

/** CRC-64/NVME of `bytes`, continuing from `previous`. */
export function crc64nvme(bytes: Uint8Array, previous = 0n): bigint {
  const ones = 0xffffffffffffffffn;
  return run(TABLE_BYTES, BigInt.asIntN(64, previous ^ ones), bytes) ^ ones;
}
