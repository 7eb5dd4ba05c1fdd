/** What LocalStack lacks without Docker, on loopback: DynamoDB and Lambda's environments, both the local cloud's. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { createClock, REGION } from "@wharf/local-cloud";
import { createDynamoDb } from "@wharf/local-cloud/dynamodb/service.ts";
import { listen } from "@wharf/local-cloud/listen.ts";
import { unsignedCall } from "#test/support/unsigned-call.ts";
import { type Call, createEnvironments } from "./environments.ts";

/** LocalStack keeps connections, and doesn't try again on one that was closed meanwhile. */
const patient = { keepAliveTimeout: 3_600_000 };

/** Asked before a call to DynamoDB; true answers 500 instead, and the table never hears of it. */
type Refuse = (action: string, body: string) => boolean;

export interface Companion {
  readonly dynamoDbPort: number;
  /** Where the plugin's executor starts and calls environments. */
  readonly lambdaUrl: string;
  /** What functions wrote, oldest first. */
  logs(): readonly string[];
  /** What functions were handed, oldest first. */
  calls(): readonly Call[];
  /** Whether a function whose name has `part` in it runs at this moment. */
  isRunning(part: string): boolean;
  /** Ends the environments of the functions whose name has `part` in it, as a crash of their machine would. */
  kill(part: string): void;
  /** What DynamoDB refuses from now on. */
  refuse(when: Refuse): void;
  close(): Promise<void>;
}

/** Starts both. @param extraEnv variables that every function gets on top of its own. */
export async function startCompanion(extraEnv: Record<string, string>): Promise<Companion> {
  const clock = createClock();
  const dynamoDb = createDynamoDb({ clock, dir: undefined, clientsTables: true });
  const environments = createEnvironments(clock, extraEnv);
  let refuse: Refuse = () => false;

  /** LocalStack knows its caller; the region in these ARNs is DynamoDB Local's, whose place this engine takes. */
  async function serveTables(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const sent = await text(req);
    const [, action = ""] = String(req.headers["x-amz-target"]).split(".");
    if (refuse(action, sent)) return void res.writeHead(500).end("{}");
    const body = Buffer.from(sent.replaceAll("arn:aws:dynamodb:ddblocal:", `arn:aws:dynamodb:${REGION}:`));
    await dynamoDb.handle(unsignedCall("dynamodb", { req, res, body }));
  }

  const tables = await listen(createServer(patient, guarded(serveTables)), {});
  const lambda = await listen(createServer(patient, guarded(environments.serve)), {});
  return {
    dynamoDbPort: tables.port,
    lambdaUrl: lambda.url,
    logs: environments.logs,
    calls: environments.calls,
    isRunning: environments.isRunning,
    kill: environments.kill,
    refuse(when) {
      refuse = when;
    },
    async close() {
      await environments.close();
      await Promise.all([tables.close(), lambda.close()]);
      await dynamoDb.close();
      clock.stop();
    },
  };
}

type Serve = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/** A defect is an answer that LocalStack's log shows. */
function guarded(serve: Serve): (req: IncomingMessage, res: ServerResponse) => void {
  return (req, res) => {
    serve(req, res).catch((error) => {
      if (!res.headersSent) res.writeHead(500);
      res.end(String(error instanceof Error ? error.stack : error));
    });
  };
}
