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
    context: { ...scope.context, responseOverride },
    stageVariables: scope.stageVariables,
  });
  const status = Number(responseOverride.status);
  return {
    text,
    overrides: {
      status: Number.isInteger(status) && status >= 100 && status <= 599 ? status : undefined,
      headers: Object.fromEntries(Object.entries(header).map(([name, value]) => [name, String(value)])),
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
    path: (path: string) => jsonPath(document(), path) ?? "",
    params(name?: string) {
      if (name === undefined) return parameters;
      const wanted = Object.entries(parameters.header).find(
        ([key]) => key.toLowerCase() === name.toLowerCase(),
      );
      return parameters.path[name] ?? parameters.querystring[name] ?? wanted?.[1] ?? "";
    },
  };
}

const util = {
  // API Gateway's `escapeJavaScript` also turns a regular single quote into `\'`.
  escapeJavaScript: (text: unknown) =>
    JSON.stringify(String(text ?? ""))
      .slice(1, -1)
      .replaceAll("'", "\\'")
      .replaceAll("/", "\\/"),
  parseJson: (text: unknown) => parseOr(String(text)),
  urlEncode: (text: unknown) => encodeURIComponent(String(text ?? "")),
  urlDecode: (text: unknown) => decodeURIComponent(String(text ?? "")),
  base64Encode: (text: unknown) => Buffer.from(String(text ?? "")).toString("base64"),
  base64Decode: (text: unknown) => Buffer.from(String(text ?? ""), "base64").toString(),
};

function parseOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
