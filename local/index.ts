/** An AWS account in this process, made from a CDK app's assembly: what a stranger needs, as README.md tells it. */
export type { Answered } from "./answered.ts";
export { type Clock, createClock } from "./clock.ts";
export { type Cloud, type CloudOptions, startCloud } from "./cloud.ts";
export {
  type BrokenEnd,
  type BrokenForm,
  type Fault,
  type FaultCall,
  type FaultHook,
  type LateLayout,
  mayBeStale,
  s3Fault,
} from "./faults.ts";
export type { Hints } from "./hints.ts";
export type { LogLine } from "./lambda/logs.ts";
export { ACCOUNT, AwsError, type CallTrace, REGION } from "./types.ts";
