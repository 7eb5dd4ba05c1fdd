/** Faults in the service's template that its stories have to notice. */
import type { Resources } from "./edit-template.ts";

/** The relay's filter lets every new item of the table through. */
export function widenFilter(resources: Resources): Resources {
  return change(resources, /("prefix\\":\\")EVT#/, "$1");
}

/** API Gateway has no mapping for chunks of octets. */
export function dropMapping(resources: Resources): Resources {
  return change(resources, /"application\/octet-stream":"[^"\\]*(?:\\.[^"\\]*)*",/, "");
}

/** @throws Error where there is nothing to change: a mutant that is none proves nothing. */
function change(resources: Resources, pattern: RegExp, by: string): Resources {
  const text = JSON.stringify(resources);
  const changed = text.replace(pattern, by);
  if (changed === text) throw new Error(`the template has no ${pattern} any more`);
  return JSON.parse(changed);
}
