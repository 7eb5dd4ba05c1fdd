/** Whether refusals are what the contract says of their code and route. */
import assert from "node:assert/strict";
import * as z from "zod";
import { problem } from "#contract/common.ts";
import { allProblems } from "#contract/error-members.ts";
import { isErrorCode } from "#contract/errors.ts";
import { anywhere, errorsOf } from "#contract/openapi.ts";
import type { Route } from "#contract/route.ts";
import { allRoutes } from "./all-routes.ts";

const strict = new Map([...allProblems].map(([code, { shape }]) => [code, z.strictObject(shape)]));
/** What is refused before a route is chosen, or says that there is none. */
const UNROUTED: readonly string[] = [
  ...anywhere,
  ...["method_not_allowed", "not_found", "invalid_request", "unauthenticated"],
];

/**
 * Checks a refusal (of where a redirect led, if it was followed), strictly: a member that the schema of its code lacks,
 * or a code that its route doesn't declare, is an Error. An answer of another kind passes.
 */
export async function checkProblem(answer: Response, method: string, path: string): Promise<void> {
  if (!answer.headers.get("content-type")?.startsWith("application/problem+json")) return;
  const text = await answer.clone().text();
  if (text === "") return;
  const told = problem.parse(JSON.parse(text));
  assert(isErrorCode(told.code), `${method} ${path}: no code is ${told.code}`);
  const { error } = strict.get(told.code)?.safeParse(told) ?? {};
  assert(
    error === undefined,
    `${method} ${path}: ${told.code} is not as described: ${error?.message}\n${text}`,
  );
  const route = await routeOf(method, answer.redirected ? answer.url : path);
  const declared: readonly string[] = route === undefined ? UNROUTED : errorsOf(route);
  assert(declared.includes(told.code), `${method} ${path} doesn't declare ${told.code}: ${text}`);
}

/** The most literal path first, as routers take it: /v1/files/upload and not /v1/files/{id}. */
const routes = allRoutes().then((all) =>
  all
    .toSorted((a, b) => a.path.split("{").length - b.path.split("{").length)
    .map((route) => ({ route, pattern: new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`) })),
);

async function routeOf(method: string, url: string): Promise<Route | undefined> {
  const [bare = ""] = url.replace(/^https?:\/\/[^/]+/, "").split(/[?#]/);
  const verb = method === "HEAD" ? "GET" : method;
  const path = (await routes).find(({ pattern }) => pattern.test(bare))?.route.path;
  return (await routes).find(({ route }) => route.path === path && route.method === verb)?.route;
}
