import { sha256 } from "#aws/keys.ts";
import type { Algorithm, ObjectFacts } from "#aws/objects.ts";
import { WharfError } from "#core/kernel/error.ts";
import type { Checksum } from "./contract.ts";

/** Of no bytes at all. */
export const EMPTY_FACTS: ObjectFacts = {
  size: 0,
  crc32: "00000000",
  crc32c: "00000000",
  sha256: sha256(""),
};

const NAMES = { CRC32: "crc32", CRC32C: "crc32c", SHA256: "sha256" } as const satisfies Record<
  Algorithm,
  keyof Checksum
>;

/** What S3 computes for an upload that declares this checksum. */
export function algorithmFor(declared: Checksum | undefined): Algorithm {
  if (declared?.sha256 !== undefined) return "SHA256";
  return declared?.crc32c === undefined ? "CRC32" : "CRC32C";
}

/**
 * A checksum that comes with finalize must be one that S3 has been computing since the start.
 *
 * @throws WharfError checksum_unsupported
 */
export function requireSupported(declared: Checksum | undefined, given: Checksum | undefined): void {
  const computed = NAMES[algorithmFor(declared)];
  if (given === undefined || given[computed] !== undefined) return;
  throw new WharfError(
    "checksum_unsupported",
    `S3 has been computing ${computed} for this upload; send that one, or say another when an upload starts.`,
    { supported: [computed] },
  );
}

export interface Contradiction {
  algorithm: keyof Checksum;
  expected: string;
  /** Unknown for a SHA-256, of which S3 tells only the digest's digest. */
  actual: string | undefined;
}

/** The first of the expected checksums that the object's don't bear out. */
export function contradiction(
  expectations: readonly (Checksum | undefined)[],
  facts: ObjectFacts,
): Contradiction | undefined {
  for (const given of expectations) {
    for (const algorithm of Object.values(NAMES)) {
      const expected = given?.[algorithm];
      if (expected !== undefined && !holds(algorithm, expected, facts))
        return { algorithm, expected, actual: facts[algorithm] };
    }
  }
  return undefined;
}

function holds(algorithm: keyof Checksum, expected: string, facts: ObjectFacts): boolean {
  if (algorithm === "sha256" && facts.sha256Composite !== undefined)
    return facts.sha256Composite === sha256(Buffer.from(expected, "hex"));
  return facts[algorithm] === expected;
}
