/**
 * The CRC of two pieces of data joined, from their CRCs and the second one's length.
 *
 * A CRC is a polynomial over GF(2) modulo P: appending `n` bytes multiplies by x^(8n). So the whole object's CRC
 * of a multipart upload costs one multiplication a part and reads no byte again.
 */
import { POLYNOMIALS } from "./crc-wasm.ts";

export type CrcName = keyof typeof POLYNOMIALS;

interface Field {
  multiply(a: bigint, b: bigint): bigint;
  /** x^(8 × bytes) mod P. */
  shift(bytes: number): bigint;
}

/** Bits are reflected: the top bit is x^0. */
function createField(polynomial: bigint, width: number): Field {
  const one = 1n << BigInt(width - 1);

  function multiply(a: bigint, b: bigint): bigint {
    let product = 0n;
    let factor = b;
    for (let bit = one; bit > 0n; bit >>= 1n) {
      if (a & bit) product ^= factor;
      factor = factor & 1n ? (factor >> 1n) ^ polynomial : factor >> 1n;
    }
    return product;
  }

  const squares = [one >> 1n]; // squares[k] is x^(2^k)
  while (squares.length < 64) {
    const last = squares[squares.length - 1] ?? 0n;
    squares.push(multiply(last, last));
  }

  // Parts of one upload nearly all have the same length.
  let cachedBytes = -1;
  let cached = 0n;

  return {
    multiply,
    shift(bytes) {
      if (bytes === cachedBytes) return cached;
      let power = one;
      let bits = BigInt(bytes) << 3n;
      for (const square of squares) {
        if (bits & 1n) power = multiply(power, square);
        bits >>= 1n;
      }
      cachedBytes = bytes;
      cached = power;
      return power;
    },
  };
}

const FIELDS: Record<CrcName, Field> = {
  CRC32: createField(POLYNOMIALS.CRC32, 32),
  CRC32C: createField(POLYNOMIALS.CRC32C, 32),
  CRC64NVME: createField(POLYNOMIALS.CRC64NVME, 64),
};

/** CRC of `a` followed by `b`; `lengthB` is in bytes. */
export function combineCrc(name: CrcName, crcA: bigint, crcB: bigint, lengthB: number): bigint {
  const field = FIELDS[name];
  return field.multiply(field.shift(lengthB), crcA) ^ crcB;
}
