/** Apache Velocity itself, by a program of Java that runs from its source. */
import { fileURLToPath } from "node:url";
import type { Overrides, TemplateScope } from "@wharf/local-cloud/apigateway/velocity.ts";
import { z } from "zod";
import { runJava } from "#test/support/run-java.ts";

/**
 * API Gateway's own version isn't documented. Only 1.7 and older take `Content-Type` for a name after `#set($context.…`
 * as they come; templates that read the same in both need to know no more.
 */
export const VERSIONS = ["1.7", "2.4.1"] as const;
export type Version = (typeof VERSIONS)[number];

const archives: Record<Version, string> = {
  "1.7": "org.apache.velocity:velocity:1.7",
  "2.4.1": "org.apache.velocity:velocity-engine-core:2.4.1",
};
/** What stands behind `$input.path` and `$util.escapeJavaScript`. */
const helpers = ["com.jayway.jsonpath:json-path:2.9.0", "commons-lang:commons-lang:2.6"];

export interface Asked {
  readonly template: string;
  readonly scope: TemplateScope;
}

export type Rendered = { readonly text: string; readonly overrides: Overrides } | { readonly error: string };

const told = z.array(
  z.union([
    z.object({ error: z.string() }),
    z.object({
      text: z.string(),
      status: z.union([z.number(), z.string()]).nullish(),
      headers: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
    }),
  ]),
);

/**
 * Renders all of it at once, in the order given.
 *
 * @throws Unavailable without a JDK (11 or newer), Maven, or Maven Central.
 */
export function renderInVelocity(version: Version, asked: readonly Asked[]): Rendered[] {
  const program = fileURLToPath(new URL("Render.java", import.meta.url));
  return told.parse(runJava(program, [archives[version], ...helpers], asked)).map(asOurs);
}

function asOurs(one: z.infer<typeof told>[number]): Rendered {
  if ("error" in one) return one;
  const headers = Object.entries(one.headers).flatMap(([name, value]) =>
    value === null ? [] : [[name, String(value)]],
  );
  return {
    text: one.text,
    overrides: {
      status: one.status == null ? undefined : Number(one.status),
      headers: Object.fromEntries(headers),
    },
  };
}
