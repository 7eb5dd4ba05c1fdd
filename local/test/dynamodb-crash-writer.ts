/** Writes transactions without end, until it is killed. Each writes one number under three keys. */
import { TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { startDynamoDb } from "./dynamodb-support.ts";

const [dir = "", from = "0"] = process.argv.slice(2);
const db = await startDynamoDb({ dir });
for (let n = Number(from); ; n++) {
  await db.documents.send(
    new TransactWriteCommand({
      TransactItems: ["a", "b", "c"].map((sk) => ({
        Put: { TableName: "things", Item: { pk: String(n % 7), sk, n, due_pk: "due", due_sk: String(n) } },
      })),
    }),
  );
  process.stdout.write(`${n}\n`);
}
