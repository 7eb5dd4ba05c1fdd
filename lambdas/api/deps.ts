import type { Deps } from "#core/deps.ts";
import { fileDeps } from "../file-deps.ts";
import { type TableDeps, tableDeps } from "./table-deps.ts";

/** What the API's routes need. */
export type ApiDeps = TableDeps & Deps;

/** Builds the API's dependencies from the function's environment, once per cold start. */
export function apiDeps(): ApiDeps {
  return { ...tableDeps(), ...fileDeps() };
}
