/** CloudFormation's intrinsic functions and pseudo parameters. */
import { ACCOUNT, REGION } from "../types.ts";
import type { Template } from "./stacks.ts";

/** What a resource is known by once it is there. */
export interface Provisioned {
  /** What `Ref` gives. */
  ref: string;
  /** What `Fn::GetAtt` gives, by attribute. */
  attributes?: Record<string, string>;
}

export interface ResolveScope {
  stackName: string;
  template: Template;
  resources: ReadonlyMap<string, Provisioned>;
  /** Exports of all stacks so far. */
  exports: ReadonlyMap<string, unknown>;
}

export interface Resolver {
  /** The value with every intrinsic replaced. @throws Error naming what can't be resolved. */
  resolve(value: unknown): unknown;
  /** Whether a named condition holds. */
  condition(name: string): boolean;
}

const NO_VALUE = Symbol("AWS::NoValue");

/** Resolves against the resources that are in the scope at the time of each call. */
export function createResolver(scope: ResolveScope): Resolver {
  const { template, stackName } = scope;
  const conditions = new Map<string, boolean>();

  function resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(resolve).filter((each) => each !== NO_VALUE);
    if (!isObject(value)) return value;
    const [only, ...more] = Object.entries(value);
    if (only && more.length === 0) {
      const [name, argument] = only;
      if (name === "Ref") return ref(text(argument));
      if (name === "Condition" && typeof argument === "string") return condition(text(argument));
      const run = functions[name];
      if (run) return run(argument);
      if (name.startsWith("Fn::")) throw new Error(`${stackName}: ${name} is not known to the local cloud`);
    }
    return Object.fromEntries(
      Object.entries(value)
        .map(([key, each]) => [key, resolve(each)] as const)
        .filter(([, each]) => each !== NO_VALUE),
    );
  }

  const functions: Record<string, (argument: unknown) => unknown> = {
    "Fn::GetAtt": (argument) => {
      const [id = "", ...rest] =
        typeof argument === "string" ? argument.split(".") : list(argument).map(text);
      return attribute(id, rest.join("."));
    },
    "Fn::Sub": (argument) => {
      const [pattern, own] = Array.isArray(argument) ? argument : [argument, {}];
      const variables = object(resolve(own));
      return text(pattern).replace(/\$\{(!?)([^${}]+)\}/g, (whole, literal: string, name: string) => {
        if (literal) return whole.replace("!", "");
        if (Object.hasOwn(variables, name)) return text(variables[name]);
        const [id = "", ...rest] = name.split(".");
        return rest.length > 0 ? attribute(id, rest.join(".")) : text(ref(name));
      });
    },
    "Fn::Join": (argument) => {
      const [separator, parts] = list(argument);
      return list(resolve(parts)).map(text).join(text(separator));
    },
    "Fn::Select": (argument) => {
      const [index, from] = list(resolve(argument));
      const values = list(from);
      const chosen = values[Number(index)];
      if (chosen === undefined)
        throw new Error(`${stackName}: Fn::Select ${index} of ${values.length} values`);
      return chosen;
    },
    "Fn::Split": (argument) => {
      const [separator, source] = list(resolve(argument));
      return text(source).split(text(separator));
    },
    "Fn::FindInMap": (argument) => {
      const [map, top, second] = list(resolve(argument)).map(text);
      const found = template.Mappings[map ?? ""]?.[top ?? ""]?.[second ?? ""];
      if (found === undefined) throw new Error(`${stackName}: no mapping ${map}.${top}.${second}`);
      return found;
    },
    "Fn::ImportValue": (argument) => {
      const name = text(resolve(argument));
      if (!scope.exports.has(name)) throw new Error(`${stackName}: no stack exports ${name}`);
      return scope.exports.get(name);
    },
    "Fn::Base64": (argument) => Buffer.from(text(resolve(argument))).toString("base64"),
    "Fn::GetAZs": () => [`${REGION}a`, `${REGION}b`],
    "Fn::If": (argument) => {
      const [name, yes, no] = list(argument);
      return resolve(condition(text(name)) ? yes : no);
    },
    "Fn::Equals": (argument) => {
      const [left, right] = list(resolve(argument));
      return String(left) === String(right);
    },
    "Fn::And": (argument) => list(resolve(argument)).every(Boolean),
    "Fn::Or": (argument) => list(resolve(argument)).some(Boolean),
    "Fn::Not": (argument) => !list(resolve(argument))[0],
    "Fn::ToJsonString": (argument) => JSON.stringify(resolve(argument)),
    "Fn::Length": (argument) => list(resolve(argument)).length,
  };

  function condition(name: string): boolean {
    const known = conditions.get(name);
    if (known !== undefined) return known;
    if (!Object.hasOwn(template.Conditions, name)) throw new Error(`${stackName}: no condition ${name}`);
    const holds = resolve(template.Conditions[name]) === true;
    conditions.set(name, holds);
    return holds;
  }

  function ref(name: string): unknown {
    const pseudo = pseudoParameters(stackName)[name];
    if (pseudo !== undefined) return pseudo;
    if (name === "AWS::NoValue") return NO_VALUE;
    const parameter = template.Parameters[name];
    if (parameter) {
      if (parameter.Default === undefined) throw new Error(`${stackName}: parameter ${name} has no default`);
      const isList = parameter.Type === "CommaDelimitedList" || parameter.Type.startsWith("List<");
      return isList ? text(parameter.Default).split(",") : parameter.Default;
    }
    return resource(name).ref;
  }

  function attribute(id: string, name: string): string {
    const value = resource(id).attributes?.[name];
    if (value === undefined) {
      throw new Error(
        `${stackName}: the local cloud knows no attribute ${name} of ${id} (${template.Resources[id]?.Type})`,
      );
    }
    return value;
  }

  function resource(id: string): Provisioned {
    const found = scope.resources.get(id);
    if (!found)
      throw new Error(`${stackName}: ${id} is referred to, but there is no such resource or parameter`);
    return found;
  }

  return { resolve, condition };
}

/** Ids of everything that a value refers to by `Ref`, `Fn::GetAtt` or `Fn::Sub`. */
export function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, argument]) => {
    if (name === "Ref" && typeof argument === "string") return [argument];
    if (name === "Fn::GetAtt") {
      const id = typeof argument === "string" ? argument.split(".")[0] : list(argument)[0];
      return typeof id === "string" ? [id] : [];
    }
    if (name === "Fn::Sub") {
      const pattern = Array.isArray(argument) ? argument[0] : argument;
      const named = [...String(pattern).matchAll(/\$\{([^!${}][^${}]*)\}/g)].map(
        ([, id]) => id?.split(".")[0] ?? "",
      );
      return [...named, ...(Array.isArray(argument) ? references(argument[1]) : [])];
    }
    return references(argument);
  });
}

function pseudoParameters(stackName: string): Record<string, unknown> {
  return {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": stackName,
    "AWS::StackId": `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/${stackName}/local`,
    "AWS::NotificationARNs": [],
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function object(value: unknown): Record<string, unknown> {
  if (!isObject(value)) throw new Error(`expected a map, not ${JSON.stringify(value)}`);
  return value;
}

function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error(`expected a list, not ${JSON.stringify(value)}`);
  return value;
}

function text(value: unknown): string {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return String(value);
  throw new Error(`expected text, not ${JSON.stringify(value)}`);
}
