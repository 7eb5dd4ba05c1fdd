/** Two transactions at once that both only check one item: does DynamoDB cancel one of them? */
import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { DeleteCommand, PutCommand, TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { type Check, seen } from "../check.ts";
import type { Target } from "../target.ts";

const ROUNDS = 50;
/** No key of Wharf's begins so. */
const PK = "TEST-AWS#conflict";
const OWN = ["a", "b"];

type Table = Pick<Target, "dynamodb" | "tableName">;

/** Checks the shared item, writes an item of its own: `done`, or the reasons of the cancellation. */
async function checkAndWrite({ dynamodb, tableName: TableName }: Table, sk: string): Promise<string> {
  const shared = { TableName, Key: { pk: PK, sk: "shared" }, ConditionExpression: "attribute_exists(pk)" };
  const own = { TableName, Item: { pk: PK, sk } };
  try {
    await dynamodb.send(
      new TransactWriteCommand({ TransactItems: [{ ConditionCheck: shared }, { Put: own }] }),
    );
    return "done";
  } catch (error) {
    if (!(error instanceof TransactionCanceledException)) throw error;
    return (error.CancellationReasons ?? []).map(({ Code }) => Code).join(" ");
  }
}

const twoChecks: Check = {
  name: "two ConditionChecks of one item at once",
  expects: "each is done or cancelled for TransactionConflict alone; how many, only this tells",
  onlyAws:
    "whether checks conflict: AWS says that transactions on one item do, and excepts no kind of action",
  async run(target) {
    const { dynamodb, tableName: TableName } = target;
    await dynamodb.send(new PutCommand({ TableName, Item: { pk: PK, sk: "shared" } }));
    try {
      const outcomes: string[] = [];
      for (let round = 0; round < ROUNDS; round++)
        outcomes.push(...(await Promise.all(OWN.map((sk) => checkAndWrite(target, sk)))));
      const conflicts = outcomes.filter((outcome) => outcome === "TransactionConflict None").length;
      const other = outcomes.find((outcome) => !["done", "TransactionConflict None"].includes(outcome));
      return seen(
        other === undefined,
        `${ROUNDS} pairs: ${conflicts} conflicts${other ? `, and ${other}` : ""}`,
      );
    } finally {
      for (const sk of ["shared", ...OWN])
        await dynamodb.send(new DeleteCommand({ TableName, Key: { pk: PK, sk } }));
    }
  },
};

export const transactionConflict = [twoChecks];
