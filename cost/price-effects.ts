/** Effects at AWS → US dollars by service. */
import { MILLISECONDS, type Milliseconds } from "./assumptions.ts";
import { type Effects, type FunctionName, MEMORY_MB } from "./counts.ts";
import { costOf } from "./prices.ts";

export const services = [
  ...(["API Gateway", "Lambda", "DynamoDB", "S3", "SQS", "EventBridge"] as const),
  ...(["CloudWatch", "data out", "GuardDuty", "KMS"] as const),
];
type Service = (typeof services)[number];

/** US dollars by service; what is missing is nothing. */
export type Money = Partial<Record<Service, number>>;

/** What effects cost, in US dollars. */
export function priceEffects(effects: Effects, milliseconds: Milliseconds = MILLISECONDS): Money {
  const { requests, readUnits, writeUnits, s3Writes, s3Reads, queueRequests, fairRequests } = effects;
  return {
    "API Gateway": costOf("apiRequest", requests),
    Lambda: priceFunctions(effects.functions, milliseconds),
    DynamoDB: costOf("readUnit", readUnits) + costOf("writeUnit", writeUnits),
    S3: costOf("s3Write", s3Writes) + costOf("s3Read", s3Reads),
    SQS: costOf("queueRequest", queueRequests) + costOf("fairRequest", fairRequests),
    EventBridge: costOf("busEvent", effects.busEvents) + costOf("objectEvent", effects.objectEvents),
    CloudWatch: costOf("logGb", effects.logBytes / 1e9),
    "data out": costOf("gbOut", effects.bytesOut / 1e9),
  };
}

function priceFunctions(functions: Effects["functions"], milliseconds: Milliseconds): number {
  return (Object.keys(MEMORY_MB) as FunctionName[]).reduce((total, name) => {
    const { invocations, calls } = functions[name] ?? { invocations: 0, calls: undefined };
    if (calls === undefined) return total;
    const { dynamodb, s3, sqs, events } = calls;
    const ms =
      invocations * milliseconds.own +
      dynamodb * milliseconds.dynamodb +
      s3 * milliseconds.s3 +
      sqs * milliseconds.sqs +
      events * milliseconds.events;
    return total + costOf("invocation", invocations) + priceTime(name, ms);
  }, 0);
}

/** What so many milliseconds of a function cost. */
export function priceTime(name: FunctionName, ms: number): number {
  return costOf("gbSecond", (ms / 1_000) * (MEMORY_MB[name] / 1_024));
}

/** Sum of parts, each so many times. */
export function addMoney(...parts: readonly (readonly [money: Money, times: number])[]): Money {
  return Object.fromEntries(
    services.flatMap((service) => {
      const sum = parts.reduce((total, [money, times]) => total + (money[service] ?? 0) * times, 0);
      return sum === 0 ? [] : [[service, sum]];
    }),
  );
}

export const total = (money: Money): number => Object.values(money).reduce((sum, usd) => sum + usd, 0);
