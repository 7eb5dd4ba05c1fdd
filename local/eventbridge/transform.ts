import { isRecord } from "../wire.ts";
import type { BusEvent, InputShape, RuleSpec } from "./rule.ts";

/** The text that a target gets: the event, a part of it, a constant, or a template filled in. */
export function shapeInput(
  { input, inputPath, inputTransformer }: InputShape,
  event: BusEvent,
  rule: RuleSpec,
): string {
  if (input !== undefined) return input;
  if (inputPath !== undefined) return JSON.stringify(at(event, inputPath) ?? null);
  if (inputTransformer === undefined) return JSON.stringify(event);
  const { paths, template } = inputTransformer;
  return template.replaceAll(/<([\w.-]+)>/g, (token, name: string) => {
    if (name === "aws.events.event") return JSON.stringify(event);
    if (name === "aws.events.rule-arn") return rule.arn;
    const path = paths[name];
    if (path === undefined) throw new Error(`input transformer: ${token} has no path`);
    const value = at(event, path);
    return typeof value === "string" ? value : JSON.stringify(value ?? null);
  });
}

/** `$.detail.object.key` and `$.resources[0]`. */
function at(event: unknown, path: string): unknown {
  const steps = path.replace(/^\$\.?/, "").match(/[^.[\]]+/g) ?? [];
  let value: unknown = event;
  for (const step of steps) {
    if (Array.isArray(value)) value = value[Number(step)];
    else if (isRecord(value)) value = value[step];
    else return undefined;
  }
  return value;
}
