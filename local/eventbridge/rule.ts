/** Rules, and the events that they see. */
import type { Pattern } from "./pattern.ts";

/** An event as rules see it. */
export interface BusEvent {
  version: "0";
  id: string;
  "detail-type": string;
  source: string;
  account: string;
  time: string;
  region: string;
  resources: string[];
  detail: unknown;
}

/** How a target's input is made of the event; at most one of the three. */
export interface InputShape {
  /** Constant JSON. */
  input?: string;
  /** A JSON path into the event. */
  inputPath?: string;
  inputTransformer?: { paths: Record<string, string>; template: string };
}

export interface RuleTarget extends InputShape {
  id: string;
  arn: string;
  deadLetterArn?: string;
}

export interface RuleSpec {
  name: string;
  arn: string;
  /** @default "default" */
  bus?: string;
  pattern?: Pattern;
  /** `rate(…)` or `cron(…)`. */
  schedule?: string;
  targets: RuleTarget[];
}
