/** Splits an expression into tokens and reads them one by one. */
import { validationError } from "../errors.ts";
import type { Scope } from "./scope.ts";

interface Token {
  kind: "identifier" | "name" | "value" | "number" | "symbol" | "end";
  text: string;
  start: number;
  end: number;
}

/** Which of a request's expressions is read; errors name it. */
export type ExpressionKind =
  | "ConditionExpression"
  | "FilterExpression"
  | "KeyConditionExpression"
  | "ProjectionExpression"
  | "UpdateExpression";

export interface TokenReader {
  readonly scope: Scope;
  peek(): Token;
  next(): Token;
  /** Whether this symbol stands after the next token. */
  follows(symbol: string): boolean;
  /** Takes the next token if it is this symbol. */
  take(symbol: string): boolean;
  /** Takes the next token if it is this keyword, in whatever case. */
  takeWord(word: string): boolean;
  /** Takes this symbol, or fails. */
  expect(symbol: string): void;
  /** The `ValidationException` that says what is wrong with this expression. */
  error(detail: string): Error;
  /** The error for the token that stands next. */
  unexpected(): Error;
  /** Fails unless everything has been read. */
  end(): void;
}

const MAX_LENGTH = 4096; // DynamoDB: 4 KB an expression
const TOKEN =
  /\s*(?:(?<identifier>[a-zA-Z][a-zA-Z0-9_]*)|(?<name>#[a-zA-Z0-9_]+)|(?<value>:[a-zA-Z0-9_]+)|(?<number>\d+)|(?<symbol><=|>=|<>|[()[\],.=<>+-]))/y;

/** Opens an expression for reading. */
export function readExpression(kind: ExpressionKind, text: string, scope: Scope): TokenReader {
  const error = (detail: string) => validationError(`Invalid ${kind}: ${detail}`);
  if (text === "") throw error("The expression can not be empty;");
  if (Buffer.byteLength(text) > MAX_LENGTH) {
    throw error(
      `Expression size has exceeded the maximum allowed size; expression size: ${Buffer.byteLength(text)}`,
    );
  }
  const tokens: Token[] = [];
  let position = 0;

  function scan(): Token {
    TOKEN.lastIndex = tokens.at(-1)?.end ?? 0;
    const groups = TOKEN.exec(text)?.groups;
    for (const kind of ["identifier", "name", "value", "number", "symbol"] as const) {
      const found = groups?.[kind];
      if (found !== undefined) {
        return { kind, text: found, start: TOKEN.lastIndex - found.length, end: TOKEN.lastIndex };
      }
    }
    const from = tokens.at(-1)?.end ?? 0;
    const start = from + text.slice(from).search(/\S|$/);
    if (start === text.length) return { kind: "end", text: "<EOF>", start, end: start };
    throw syntax({ kind: "symbol", text: text.slice(start, start + 1), start, end: start + 1 });
  }

  function token(index: number): Token {
    for (let found = tokens[index]; ; found = tokens[index]) {
      if (found) return found;
      tokens.push(scan());
    }
  }

  function syntax(at: Token): Error {
    const from = tokens[position - 1]?.start ?? at.start;
    return error(`Syntax error; token: "${at.text}", near: "${text.slice(from, at.end + 8).trim()}"`);
  }

  const reader: TokenReader = {
    scope,
    error,
    peek: () => token(position),
    next: () => token(position++),
    follows: (symbol) => token(position).kind !== "end" && token(position + 1).text === symbol,
    take(symbol) {
      const { kind, text } = token(position);
      if (kind !== "symbol" || text !== symbol) return false;
      position++;
      return true;
    },
    takeWord(word) {
      const { kind, text } = token(position);
      if (kind !== "identifier" || text.toUpperCase() !== word) return false;
      position++;
      return true;
    },
    expect(symbol) {
      if (!reader.take(symbol)) throw reader.unexpected();
    },
    unexpected: () => syntax(token(position)),
    end() {
      if (token(position).kind !== "end") throw reader.unexpected();
    },
  };
  return reader;
}
