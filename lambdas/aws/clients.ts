/** AWS clients as every function makes them: keep-alive by default, no call without an end, every call counted. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { countCall } from "./log.ts";

/**
 * How long one try may take, in ms: to connect, to the answer's first byte, and without a byte in between. The SDK
 * has no such limits of its own: a connection that died in silence would hold a function until its own end.
 */
export const clientLimits = {
  requestHandler: {
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    // Else the SDK only writes a warning.
    throwOnRequestTimeout: true,
    socketTimeout: 10_000,
  },
};
/** What every SDK client's middleware stack takes, whatever the service's own types are. */
interface Countable {
  middlewareStack: {
    // biome-ignore lint/suspicious/noExplicitAny: each service types its own inputs; counting reads none of them
    add(middleware: any, options: { step: "initialize"; name: string }): void;
  };
}

/** Counts each command of `client` in the log line of the invocation, as `<service>.<Command>`. */
export function counted<C extends Countable>(client: C, service: string): C {
  client.middlewareStack.add(
    (next: (args: unknown) => Promise<unknown>, context: { commandName?: string }) => (args: unknown) => {
      countCall(`${service}.${(context.commandName ?? "unknown").replace(/Command$/, "")}`);
      return next(args);
    },
    { step: "initialize", name: "countCall" },
  );
  return client;
}

let shared: DynamoDBClient | undefined;

/** The DynamoDB client of this execution environment, from which region, credentials and endpoint come. */
export function dynamoDb(): DynamoDBClient {
  shared ??= counted(new DynamoDBClient(clientLimits), "dynamodb");
  return shared;
}
