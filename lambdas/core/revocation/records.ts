/** Shapes of what the table stores of revocations, checked at every read. */
import * as z from "zod";
import { ifNone } from "#aws/changes.ts";
import { due, keys } from "#aws/keys.ts";
import type { Update } from "#aws/table.ts";
import { newId } from "#core/kernel/ids.ts";
import type { LinksEnd } from "./contract.ts";

export const revocationRecord = z.object({
  /** The client that was ended, or the key. */
  client_id: z.string(),
  run: z.string(),
  links: z.enum(["keep", "revoke"]),
  revoked_ms: z.number(),
  /** When the pass under way began, and which kind of thing it is at. */
  began_ms: z.number(),
  kind: z.number(),
});
export type Revocation = z.infer<typeof revocationRecord>;

/**
 * A new job in the place of the one before, and the write that makes it due for the sweep.
 *
 * @param ended the client, or the key.
 * @param links what becomes of them; where it isn't said, what the job before has, which may not have come to them yet.
 */
export function newRevocation(
  now: number,
  ended: string,
  { links, earlier }: { links?: LinksEnd | undefined; earlier?: Revocation | undefined } = {},
): { job: Revocation; write: Update } {
  const job = { client_id: ended, run: newId("job", now), revoked_ms: now, began_ms: now, kind: 0 };
  return {
    job: { ...job, links: links ?? earlier?.links ?? "keep" },
    write: {
      key: keys.revocation(ended),
      // Where it isn't said: also what another has asked for since.
      update: {
        set: { ...job, ...due("revocation", now, ended), links: links ?? ifNone("keep") },
        remove: ["ended_at"],
      },
    },
  };
}
