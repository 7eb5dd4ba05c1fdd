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
 * Bundles every function to `<outDir>/<name>/index.mjs`, AWS SDK included. What a function loads on demand (S3's client)
 * lies in files beside it, so that a cold start which needs none of it reads none of it.
 *
 * No source maps: they are three times the code to download at each cold start, and the same commit gives the same
 * bytes, so a stack can be read against a build of it.
 */
export async function bundleFunctions(outDir: string): Promise<void> {
  // One build for all that load nothing later, so that what they share is parsed once. The others have one each: their
  // functions' folders are deployed apart, so no file may be shared between them.
  const whole = functionNames.filter((name) => !loadsLater.includes(name));
  await Promise.all([
    bundle(whole, outDir, { splitting: false }),
    ...loadsLater.map((name) => bundle([name], outDir, { splitting: true })),
  ]);
}

/** Functions that call S3. */
const loadsLater: readonly FunctionName[] = ["api", "ingest"];

async function bundle(
  names: readonly FunctionName[],
  outdir: string,
  { splitting }: { splitting: boolean },
): Promise<void> {
  await build({
    entryPoints: names.map((name) => ({ in: join(sources, name, "handler.ts"), out: `${name}/index` })),
    outdir,
    outExtension: { ".js": ".mjs" },
    chunkNames: `${names[0]}/[name]-[hash]`,
    bundle: true,
    splitting,
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
 * (which has credentials in Lambda), streams of events (no call here has one), and what tells browsers apart.
 */
const neverLoaded: Plugin = {
  name: "never-loaded",
  setup({ onResolve }) {
    const filter =
      /^(@aws-sdk\/credential-provider-(http|ini|process|sso|web-identity)|@smithy\/(credential-provider-imds|core\/event-streams)|bowser)$/;
    onResolve({ filter }, ({ kind }) => (kind === "dynamic-import" ? { external: true } : undefined));
  },
};
