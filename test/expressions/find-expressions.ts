/** Finds every regular expression of the sources: literals, and those that are built from text. */
import { readFileSync } from "node:fs";
import { parseAst } from "vitest/node";

/** An expression and where it stands; `pattern` is `undefined` where text that is known only later makes it. */
export interface Found {
  file: string;
  line: number;
  /** As it is written. */
  text: string;
  pattern: string | undefined;
  flags: string;
}

/** Methods that make an expression of text that they are given. */
const MAKES_ONE = new Set(["match", "matchAll", "search"]);

interface Node extends Record<string, unknown> {
  type: string;
  start: number;
  end: number;
}

/** All expressions of a file in TypeScript or JavaScript. @throws where it can't be parsed */
export function findExpressions(file: string): Found[] {
  const source = readFileSync(file, "utf8");
  const found: Found[] = [];
  const add = (node: Node, pattern: string | undefined, flags = "") =>
    found.push({
      ...{ file, pattern, flags },
      line: source.slice(0, node.start).split("\n").length,
      text: source.slice(node.start, node.end),
    });
  walk(parseAst(source, { lang: "ts" }, file), (node) => {
    const { regex } = node;
    if (node.type === "Literal" && isPlain(regex))
      add(node, String(regex["pattern"]), String(regex["flags"]));
    if (node.type !== "NewExpression" && node.type !== "CallExpression") return;
    const [first, second] = Array.isArray(node["arguments"]) ? node["arguments"] : [];
    if (makesExpression(node["callee"], first)) add(node, textOf(first), textOf(second));
  });
  return found;
}

/** `RegExp(…)`, or a method that is given text in place of an expression. */
function makesExpression(callee: unknown, first: unknown): boolean {
  if (!isPlain(callee)) return false;
  if (callee["name"] === "RegExp") return true;
  const { property } = callee;
  const isText = isPlain(first) && (first["type"] === "TemplateLiteral" || textOf(first) !== undefined);
  return isPlain(property) && MAKES_ONE.has(String(property["name"])) && isText;
}

function textOf(node: unknown): string | undefined {
  return isPlain(node) && typeof node["value"] === "string" ? node["value"] : undefined;
}

function walk(node: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(node)) for (const one of node) walk(one, visit);
  if (!isPlain(node)) return;
  if (isNode(node)) visit(node);
  for (const value of Object.values(node)) walk(value, visit);
}

function isNode(node: Record<string, unknown>): node is Node {
  return typeof node["type"] === "string" && typeof node["start"] === "number";
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof RegExp);
}
