/** Changes a template of an assembly, and its hash with it: the CDK publishes no asset whose hash is there already. */
import { hash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const resource = z.looseObject({ Type: z.string(), Properties: z.looseObject({}).optional() });
const template = z.looseObject({ Resources: z.record(z.string(), resource) });
const assets = z.object({
  files: z.record(z.string(), z.object({ source: z.object({ path: z.string() }) })),
});

export type Resources = z.infer<typeof template>["Resources"];

/** Writes what `edit` makes of a stack's resources. */
export function editTemplate(folder: string, stack: string, edit: (resources: Resources) => Resources): void {
  const name = `${stack}.template.json`;
  const path = join(folder, name);
  const old = template.parse(JSON.parse(readFileSync(path, "utf8")));
  const text = JSON.stringify({ ...old, Resources: edit(old.Resources) });
  writeFileSync(path, text);
  const manifest = join(folder, `${stack}.assets.json`);
  const { files } = assets.parse(JSON.parse(readFileSync(manifest, "utf8")));
  const [before = ""] = Object.entries(files).find(([, { source }]) => source.path === name) ?? [];
  if (before === "") throw new Error(`${manifest} doesn't name ${name}`);
  for (const each of [manifest, join(folder, "manifest.json")]) {
    writeFileSync(each, readFileSync(each, "utf8").replaceAll(before, hash("sha256", text)));
  }
}
