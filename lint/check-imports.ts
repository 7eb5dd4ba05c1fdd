/** `npm run check`: no file imports what CONTRIBUTING.md keeps from it. */
import { fileURLToPath } from "node:url";
import { importFaults } from "./imports.ts";

const { faults } = await importFaults(fileURLToPath(new URL("..", import.meta.url)));
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
