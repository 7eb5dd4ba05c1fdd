import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

/** Every function: the folders of `lambdas/` that have a `handler.ts`. */
export const functionNames = ["api", "wait", "ingest", "relay", "fan-out", "deliver", "sweep"] as const;
export type FunctionName = (typeof functionNames)[number];

/** The functions' sources, one folder each. */
export const sources = fileURLToPath(new URL("../lambdas", import.meta.url));

/**
 * Bundles every function to `<outDir>/<name>/index.mjs`, AWS SDK included.
 *
 * One build for all, so that what they share is parsed once. No source maps: they are three times the code to
 * download at each cold start, and the same commit gives the same bytes, so a stack can be read against a build of it.
 */
export async function bundleFunctions(outDir: string): Promise<void> {
  await build({
    entryPoints: functionNames.map((name) => ({
      in: join(sources, name, "handler.ts"),
      out: `${name}/index`,
    })),
    outdir: outDir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    // ESM first: CommonJS builds inside an ES module fail at load with `Dynamic require of "node:https"`.
    mainFields: ["module", "main"],
    plugins: [neverLoaded, literalKeys],
    // file-type's `debug` is CommonJS alone and requires Node's own modules, which ES modules can't.
    banner: {
      js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);',
    },
    minify: true,
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
  });
}

/**
 * Writes the SDK's schemas with literal keys: `{[_hQ]: 1}` becomes `{"httpQuery": 1}`.
 *
 * A computed key might run code, so bundlers keep every schema that has one, and S3 has them for 100 operations that
 * nothing here calls: 50 kB in each function that uses S3. Where the SDK writes them otherwise this changes nothing,
 * and the bundles' budget tells.
 */
const literalKeys: Plugin = {
  name: "literal-keys",
  setup({ onLoad }) {
    onLoad(
      { filter: /@aws-sdk[\\/]client-[\w-]+[\\/]dist-es[\\/]schemas[\\/]schemas_\d+\.js$/ },
      async ({ path }) => {
        const text = await readFile(path, "utf8");
        const constants = new Map(
          [...text.matchAll(/^const (_\w+) = ("[^"]*");$/gm)].map(([, name, value]) => [name, value]),
        );
        const contents = text.replaceAll(/\[(_\w+)\]:/g, (key, name) =>
          constants.has(name) ? `${constants.get(name)}:` : key,
        );
        return { contents, loader: "js" };
      },
    );
  },
};

/**
 * Leaves out what the SDK loads on demand and is never asked for: the credential chain's links after the environment
 * (which has credentials in Lambda), and streams of events (no call here has one).
 */
const neverLoaded: Plugin = {
  name: "never-loaded",
  setup({ onResolve }) {
    const filter =
      /^(@aws-sdk\/credential-provider-(http|ini|process|sso|web-identity)|@smithy\/(credential-provider-imds|core\/event-streams))$/;
    onResolve({ filter }, ({ kind }) => (kind === "dynamic-import" ? { external: true } : undefined));
  },
};
