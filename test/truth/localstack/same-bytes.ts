import assert from "node:assert/strict";

/** Follows a link to its bytes. @throws AssertionError where they are others. */
export async function sameBytes(url: string, bytes: Uint8Array): Promise<void> {
  const answer = await fetch(url);
  const got = Buffer.from(await answer.arrayBuffer());
  assert(answer.ok && got.equals(bytes), `${answer.status}: ${got.length} bytes, not those ${bytes.length}`);
}
