/** A call to a service of the local cloud whose caller is known and may do everything. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { REGION } from "@wharf/local-cloud";
import type { AwsCall } from "@wharf/local-cloud/types.ts";

/** The call of `req` with its whole body, by root. */
export function unsignedCall(
  service: string,
  { req, res, body }: { req: IncomingMessage; res: ServerResponse; body: Buffer },
): AwsCall {
  return {
    ...{ req, res, body, service },
    url: new URL("http://local/"),
    path: "/",
    requestId: randomUUID(),
    region: REGION,
    principal: { kind: "root", arn: "arn:aws:iam::000000000000:root" },
    payload: { kind: "unsigned" },
    proceed() {},
    authorize() {},
    trace: { service, action: "", caller: "root", startedAt: 0, endedAt: 0, status: 0 },
  };
}
