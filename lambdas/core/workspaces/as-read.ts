import type { WorkspaceRecord } from "#core/access/records.ts";

/**
 * That a workspace is as it was read: by the id of its last change no late copy of a write takes back what has come after
 * it. Whoever changes one sets `change` anew.
 */
export function asRead({ change }: Pick<WorkspaceRecord, "change">) {
  return {
    condition:
      change === undefined ? "attribute_exists(#pk) AND attribute_not_exists(#change)" : "#change = :read",
    values: change === undefined ? {} : { read: change },
  };
}
