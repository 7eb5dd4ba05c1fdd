import { createInterface } from "node:readline/promises";

/** Asks for the account's number, which nobody types by accident. @throws Error where nobody can be asked. */
export async function confirm(account: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new Error("There is no terminal to ask at; say --yes to deploy without asking.");
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (
      (await terminal.question(`Type the account's number (${account}) to deploy there: `)).trim() === account
    );
  } finally {
    terminal.close();
  }
}
