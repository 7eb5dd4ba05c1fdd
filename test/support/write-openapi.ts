/** `npm run openapi`: writes `openapi.json`, the API as it describes itself, for whoever reviews what has changed of it. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { openApi } from "#contract/openapi.ts";
import { allRoutes } from "./all-routes.ts";

/** Stands for a deployment's. */
const SERVER = "https://files.example.com";

const routes = (await allRoutes()).toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
writeFileSync("openapi.json", JSON.stringify(openApi(routes, SERVER)));
execFileSync(process.execPath, [
  "node_modules/@biomejs/biome/bin/biome",
  "format",
  "--write",
  "openapi.json",
]);
