/** AWS clients as every function makes them: keep-alive by default, no needless checksums, every call counted. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { countCall } from "./log.ts";

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

/** A DynamoDB client. Region, credentials and endpoint come from the function's environment. */
export function dynamoDb(): DynamoDBClient {
  return counted(new DynamoDBClient({}), "dynamodb");
}
