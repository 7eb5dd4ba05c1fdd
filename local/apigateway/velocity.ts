/** Mapping templates: `$input`, `$util`, `$context`, `$stageVariables`, rendered by velocityjs. */
import { Compile, parse } from "velocityjs";
import { jsonPath } from "./json-path.ts";

/** What a template can read; `$context.responseOverride` is what it can write. */
export interface TemplateScope {
  /** Text that `$input.body`, `.json` and `.path` read. */
  body: string;
  parameters: {
    path: Record<string, string>;
    querystring: Record<string, string>;
    header: Record<string, string>;
  };
  context: Record<string, unknown>;
  stageVariables: Record<string, string>;
}

/** What a template set by `#set($context.responseOverride…)`. */
export interface Overrides {
  status: number | undefined;
  headers: Record<string, string>;
}

const compiled = new Map<string, ReturnType<typeof parse>>();

/** Whether a template reads the request's body at all; one that doesn't can be answered before the body is there. */
export function readsBody(template: string): boolean {
  // `$input` handed on as a whole could be read anywhere.
  return /\$!?\{?input(?!\.params\b)/.test(template);
}

/** Renders a template. @throws Error when the template is malformed. */
export function render(template: string, scope: TemplateScope): { text: string; overrides: Overrides } {
  let tree = compiled.get(template);
  if (!tree) {
    tree = parse(template);
    compiled.set(template, tree);
  }
  const header: Record<string, unknown> = {};
  const responseOverride: { status?: unknown; header: Record<string, unknown> } = { header };
  const text = new Compile(tree).render({
    input: inputOf(scope),
    util,
    context: { ...membersWithoutNulls(scope.context), responseOverride },
    stageVariables: scope.stageVariables,
  });
  const status = Number(responseOverride.status);
  return {
    text,
    overrides: {
      status: Number.isInteger(status) && status >= 100 && status <= 599 ? status : undefined,
      // What leads nowhere sets nothing.
      headers: Object.fromEntries(
        Object.entries(header).flatMap(([name, value]) => (value == null ? [] : [[name, String(value)]])),
      ),
    },
  };
}

function inputOf({ body, parameters }: TemplateScope) {
  let parsed: { value: unknown } | undefined;
  const document = () => {
    parsed ??= { value: body === "" ? {} : parseOr(body) };
    return parsed.value;
  };
  return {
    body,
    json: (path: string) => JSON.stringify(jsonPath(document(), path)) ?? "",
    path(path: string) {
      const value = jsonPath(document(), path);
      return value === undefined ? "" : withoutNulls(value);
    },
    params(name?: string) {
      if (name === undefined) return parameters;
      const wanted = Object.entries(parameters.header).find(
        ([key]) => key.toLowerCase() === name.toLowerCase(),
      );
      return parameters.path[name] ?? parameters.querystring[name] ?? wanted?.[1] ?? "";
    },
  };
}

/** To Velocity a value that is null isn't there. */
function withoutNulls(value: unknown): unknown {
  if (value === null) return undefined;
  if (Array.isArray(value)) return value.map(withoutNulls);
  return typeof value === "object" ? membersWithoutNulls(value) : value;
}

function membersWithoutNulls(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withoutNulls(one)]));
}

/** Worded by API Gateway's reference as the methods of Commons Lang and of Java that `test/truth/velocity/` compares. */
const util = {
  // Also a regular single quote turns into `\'`.
  escapeJavaScript: (text: unknown) =>
    JSON.stringify(String(text ?? ""))
      .slice(1, -1)
      .replaceAll("'", "\\'")
      .replaceAll("/", "\\/")
      .replace(/[^\0-\x7f]/g, escapeUnit),
  parseJson: (text: unknown) => withoutNulls(parseOr(String(text))),
  urlEncode: (text: unknown) => new URLSearchParams([["", String(text ?? "")]]).toString().slice(1),
  urlDecode: (text: unknown) => decodeURIComponent(String(text ?? "").replaceAll("+", " ")),
  base64Encode: (text: unknown) => Buffer.from(String(text ?? "")).toString("base64"),
  base64Decode: (text: unknown) => Buffer.from(String(text ?? ""), "base64").toString(),
};

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

function parseOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
