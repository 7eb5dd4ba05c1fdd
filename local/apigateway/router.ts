/** Which resource and method answer a path: a literal segment before `{param}` before `{proxy+}`. */
import type { Method, Resource, RestApi } from "./model.ts";

export interface Match {
  resource: Resource;
  method: Method;
  pathParameters: Record<string, string>;
  /** Path without the stage. */
  path: string;
}

/** API Gateway: what a method named ANY stands for; TRACE and CONNECT are no methods of its. */
const anyMethods = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]);

/**
 * Finds the method for `pathname` (percent-encoded), with or without the stage as its first segment:
 * locally the origin has no stage, in AWS it has, and clients of both must work.
 */
export function route(api: RestApi, httpMethod: string, pathname: string): Match | undefined {
  const prefix = `/${api.stage?.name}`;
  if (pathname === prefix || pathname.startsWith(`${prefix}/`)) {
    const inside = pathname.slice(prefix.length) || "/";
    const match = find(api.root, httpMethod, inside);
    if (match) return match;
  }
  return find(api.root, httpMethod, pathname);
}

function find(root: Resource, httpMethod: string, path: string): Match | undefined {
  // API Gateway ignores a trailing slash.
  const segments = path.replace(/^\//, "").replace(/\/$/, "").split("/");
  const found = path === "/" ? { resource: root, parameters: {} } : descend(root, segments, {});
  if (!found) return undefined;
  const any = anyMethods.has(httpMethod) ? found.resource.methods.get("ANY") : undefined;
  const method = found.resource.methods.get(httpMethod) ?? any;
  return method && { resource: found.resource, method, pathParameters: found.parameters, path };
}

function descend(
  resource: Resource,
  segments: string[],
  parameters: Record<string, string>,
): { resource: Resource; parameters: Record<string, string> } | undefined {
  const [segment, ...rest] = segments;
  if (segment === undefined) return resource.methods.size > 0 ? { resource, parameters } : undefined;
  const literal = resource.children.get(segment);
  const exact = literal && descend(literal, rest, parameters);
  if (exact) return exact;
  for (const [part, child] of resource.children) {
    const name = /^\{([^}+]+)\}$/.exec(part)?.[1];
    const found = name && segment !== "" && descend(child, rest, { ...parameters, [name]: segment });
    if (found) return found;
  }
  for (const [part, child] of resource.children) {
    const name = /^\{([^}+]+)\+\}$/.exec(part)?.[1];
    if (name && child.methods.size > 0) {
      return { resource: child, parameters: { ...parameters, [name]: segments.join("/") } };
    }
  }
  return undefined;
}
