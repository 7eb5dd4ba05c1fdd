/** The patterns of the synthesized templates: of rules, and of event-source mappings' filters. */
import * as z from "zod";
import { STAGES, writeTemplates } from "../static/templates.ts";

const pattern = z.record(z.string(), z.unknown());
const rule = z.looseObject({ Properties: z.looseObject({ EventPattern: pattern.optional() }) });
const mapping = z.looseObject({
  Properties: z.looseObject({
    FilterCriteria: z.object({ Filters: z.array(z.object({ Pattern: z.string() })) }).optional(),
  }),
});

/** Each once, with the names that CloudFormation would put in standing for themselves. */
export async function templatePatterns(): Promise<Record<string, unknown>[]> {
  const found = new Map<string, Record<string, unknown>>();
  const add = (one: Record<string, unknown>) => found.set(JSON.stringify(one), one);
  for (const stage of STAGES) {
    using templates = await writeTemplates(stage);
    for (const resource of templates.files.flatMap(({ resources }) => Object.values(resources))) {
      if (resource.Type === "AWS::Events::Rule") {
        const { EventPattern } = rule.parse(resource).Properties;
        if (EventPattern) add(pattern.parse(named(EventPattern)));
      } else if (resource.Type === "AWS::Lambda::EventSourceMapping") {
        const { FilterCriteria } = mapping.parse(resource).Properties;
        for (const { Pattern } of FilterCriteria?.Filters ?? []) add(pattern.parse(JSON.parse(Pattern)));
      }
    }
  }
  return [...found.values()];
}

const intrinsic = z.union([
  z.strictObject({ Ref: z.string() }),
  z.strictObject({ "Fn::ImportValue": z.string() }),
  z.strictObject({ "Fn::GetAtt": z.array(z.string()) }),
]);

function named(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(named);
  if (typeof value !== "object" || value === null) return value;
  const made = intrinsic.safeParse(value);
  if (made.success) return JSON.stringify(made.data);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, named(inner)]));
}
