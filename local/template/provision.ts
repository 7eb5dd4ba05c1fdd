/** Makes everything that an assembly's stacks describe. */
import { z } from "zod";
import { createResolver, type Provisioned } from "./intrinsics.ts";
import { creationOrder } from "./order.ts";
import type { Provisioners } from "./resource.ts";
import type { Stack } from "./stacks.ts";

export interface Deployment {
  /** Outputs of all stacks by name; the ones that only carry a cross-stack reference aside. */
  outputs: Record<string, string>;
}

const resolved = z.object({ properties: z.record(z.string(), z.unknown()) });

/** Creates the resources of `stacks` in order. @throws Error naming the first resource type that isn't known. */
export async function provision(stacks: Stack[], provisioners: Provisioners): Promise<Deployment> {
  for (const { name, template } of stacks) {
    for (const [id, { Type }] of Object.entries(template.Resources)) {
      if (Object.hasOwn(provisioners, Type)) continue;
      throw new Error(`${name}: the local cloud doesn't know the resource type ${Type} (of ${id})`);
    }
  }
  const exports = new Map<string, unknown>();
  const outputs: Record<string, string> = {};
  for (const { name, template, assets } of stacks) {
    const resources = new Map<string, Provisioned>();
    const { resolve, condition } = createResolver({ stackName: name, template, resources, exports });
    for (const logicalId of creationOrder(template)) {
      const resource = template.Resources[logicalId];
      const make = provisioners[resource?.Type ?? ""];
      if (!resource || !make) continue;
      if (resource.Condition !== undefined && !condition(resource.Condition)) continue;
      // As a value of a map, so that `AWS::NoValue` removes a property.
      const { properties } = resolved.parse(resolve({ properties: { ...resource.Properties } }));
      const described = { logicalId, type: resource.Type, stackName: name, properties, assets };
      resources.set(logicalId, await make(described));
    }
    for (const [key, output] of Object.entries(template.Outputs)) {
      if (output.Condition !== undefined && !condition(output.Condition)) continue;
      const value = resolve(output.Value);
      if (output.Export) exports.set(String(resolve(output.Export.Name)), value);
      else outputs[key] = String(value);
    }
  }
  return { outputs };
}
