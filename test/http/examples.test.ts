/** Each operation of `/openapi.json` shows what goes in and what comes out, as its own schemas have it. */
import { expect, test } from "vitest";
import * as z from "zod";
import { openApi } from "#contract/openapi.ts";
import { allRoutes } from "#test/support/all-routes.ts";

const content = z.record(z.string(), z.looseObject({ example: z.unknown().optional() }));
const operations = z.record(
  z.string(),
  z.record(
    z.string(),
    z.object({
      requestBody: z.object({ content }).optional(),
      responses: z.record(z.string(), z.object({ content: content.optional() })),
    }),
  ),
);

test("every JSON body has an example that its schema takes", async () => {
  const routes = await allRoutes();
  const paths = operations.parse(openApi(routes, "https://files.example.com")["paths"]);
  const wrong: unknown[] = [];
  let shown = 0;
  for (const { path, method, body, responses } of routes) {
    const operation = paths[path]?.[method.toLowerCase()];
    const of = (
      status: string,
      schema: z.ZodType | undefined,
      found: z.infer<typeof content> | undefined,
    ) => {
      const example = found?.["application/json"]?.example;
      if (schema === undefined || found?.["application/json"] === undefined) return;
      shown += 1;
      const { error } = schema.safeParse(example);
      if (error !== undefined) wrong.push([method, path, status, z.prettifyError(error), example]);
    };
    of("request", body, operation?.requestBody?.content);
    for (const [status, { schema }] of Object.entries(responses).filter(([status]) => status.startsWith("2")))
      of(status, schema, operation?.responses[status]?.content);
  }
  expect(wrong).toEqual([]);
  expect(shown).toBeGreaterThan(100);
});
