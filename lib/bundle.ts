import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

/** Folder of a function's sources: `lambdas/<name>`. */
export function sourceOf(name: string): string {
  return fileURLToPath(new URL(`../lambdas/${name}`, import.meta.url));
}

/**
 * Bundles `lambdas/<name>/handler.ts` to `index.mjs` in `outDir`, AWS SDK included.
 *
 * No source map: it is three times the code to download at each cold start. Function names are kept, and the same
 * commit gives the same bytes, so a stack can be read against a bundle built again.
 */
export function bundle(name: string, outDir: string): void {
  buildSync({
    entryPoints: [join(sourceOf(name), "handler.ts")],
    outfile: join(outDir, "index.mjs"),
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    // ESM first: CommonJS builds inside an ES module fail at load with `Dynamic require of "node:https"`.
    mainFields: ["module", "main"],
    minify: true,
    keepNames: true,
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
  });
}
