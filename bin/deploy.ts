#!/usr/bin/env node
/** `npm run deploy -- [options]`: checks the settings and deploys, or tells what that would do. */
import { fileURLToPath } from "node:url";
import { runDeploy } from "../deploy/run.ts";

// The terminal tells the CDK as well, which ends in good order.
process.on("SIGINT", () => {});
// Whoever reads may have seen enough (`| head`).
process.stdout.on("error", () => process.exit());
const root = fileURLToPath(new URL("..", import.meta.url));
process.exitCode = await runDeploy(process.argv.slice(2), { root, env: process.env });
