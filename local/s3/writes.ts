/** Conditional writes under way, so that a delete of the same key can make them conflict. */
import { type WriteCondition, writeCondition } from "./conditions.ts";
import type { S3Request, S3Target } from "./request.ts";

export interface Writes {
  /** Runs a write with its condition, known to deletes until it ends. */
  run<T>(request: S3Request, write: (condition: WriteCondition | undefined) => Promise<T>): Promise<T>;
  /**
   * Says that a key was deleted. S3: a conditional write that began before answers 409 ConditionalRequestConflict.
   */
  deleted(target: S3Target): void;
}

export function createWrites(): Writes {
  const active = new Set<{ target: S3Target; condition: WriteCondition }>();
  return {
    async run(request, write) {
      const condition = writeCondition(request);
      if (!condition) return write(undefined);
      const entry = { target: request, condition };
      active.add(entry);
      try {
        return await write(condition);
      } finally {
        active.delete(entry);
      }
    },
    deleted({ bucket, key }) {
      for (const { target, condition } of active) {
        if (target.bucket === bucket && target.key === key) condition.conflict();
      }
    },
  };
}
