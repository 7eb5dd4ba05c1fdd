/** The order in which a stack's resources are made. */
import { references } from "./intrinsics.ts";
import type { ResourceTemplate, Template } from "./stacks.ts";

/** Ids of the resources, each after those that it refers to or names in `DependsOn`. @throws Error for a cycle. */
export function creationOrder(template: Template): string[] {
  const order: string[] = [];
  const done = new Set<string>();

  function visit(id: string, path: string[]) {
    const resource = template.Resources[id];
    if (!resource || done.has(id)) return;
    if (path.includes(id)) throw new Error(`resources depend on each other: ${[...path, id].join(" → ")}`);
    for (const other of dependencies(resource)) visit(other, [...path, id]);
    done.add(id);
    order.push(id);
  }

  for (const id of Object.keys(template.Resources)) visit(id, []);
  return order;
}

function dependencies({ Properties, DependsOn = [] }: ResourceTemplate): string[] {
  return [...references(Properties), ...(typeof DependsOn === "string" ? [DependsOn] : DependsOn)];
}
