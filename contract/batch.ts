/** Requests that hold many, each of which is done, refused and answered by itself. */
import * as z from "zod";
import { problem } from "./common.ts";

export const MAX_ITEMS = 100;

/** What was refused of a batch: the problem that the item's own route would answer. */
export const refusedItem = z
  .object({
    status: z.int().min(400).meta({ description: "The status that its own route would answer." }),
    error: problem.meta({ description: "The problem that its own route would answer." }),
  })
  .meta({ id: "RefusedOfMany" });

export type RefusedItem = z.infer<typeof refusedItem>;

/** A batch's answer. @param done what an item is told of that was done */
export const batchAnswer = <T extends z.ZodType>(done: T) =>
  z.object({
    items: z
      .array(z.union([done, refusedItem]))
      .meta({ description: "What became of each, in the order of the request." }),
  });

/** What a batch does with its items, for its route's description. */
export const ITEM_BY_ITEM =
  "Each is done, or refused, by itself, as its own route would, and told of in the order of the request; of those that name the same thing the later come after the earlier. All done is the success, some of them 207; none is 422 `batch_failed`, or 503 `unavailable` where each may be sent again as it is, with the same `items`. Those that were not begun in time are 503 each: send them again. Under an `Idempotency-Key` the same batch sent again does none twice: what was done is answered as before, and what wasn't is tried again. What is no such request is 400 as a whole, before anything is begun.";
