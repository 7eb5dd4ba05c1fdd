/**
 * Properties and models meet the same values in every run, so that a red one is the change's own:
 * `npm run test:properties` gives them others.
 */
import process from "node:process";
import fc from "fast-check";

export const SEED = Number(process.env["WHARF_SEED"] ?? 1);

// Vitest runs this before each file.
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: SEED });
