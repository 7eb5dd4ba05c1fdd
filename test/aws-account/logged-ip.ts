import { setTimeout as delay } from "node:timers/promises";
import { paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { z } from "zod";
import type { Aws } from "./aws.ts";
import { physicalId, SERVICE } from "./stacks.ts";

/** Access logs are delivered within seconds, now and then minutes. */
const TRIES = 40;
const EVERY_MS = 3_000;

/** One line of the access log, as `lib/http-api.ts` asks for it. */
const accessLine = z.object({ request_id: z.string(), ip: z.string() });

/** The client's address as the API's access log has it. @throws Error where the line doesn't appear in two minutes. */
export async function loggedIp(aws: Aws, requestId: string): Promise<string> {
  const logGroupName = await physicalId(aws, SERVICE, "AWS::Logs::LogGroup", "HttpAccessLogs");
  const filterPattern = `{ $.request_id = "${requestId}" }`;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    for await (const { events = [] } of paginateFilterLogEvents(
      { client: aws.logs },
      { logGroupName, filterPattern },
    ))
      for (const { message } of events) return accessLine.parse(JSON.parse(message ?? "")).ip;
    await delay(EVERY_MS);
  }
  throw new Error(`no line of request ${requestId} in ${logGroupName}`);
}
