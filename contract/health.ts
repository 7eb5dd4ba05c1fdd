import * as z from "zod";
import { defineRoute } from "./route.ts";

/** What load balancers and monitors ask: nothing behind the function is called, so it costs an invocation. */
export const health = defineRoute({
  id: "getHealth",
  method: "GET",
  path: "/healthz",
  summary: "Say that the API answers",
  description:
    "For monitors: the gateway and a function answer. Neither the table nor S3 is asked, so a 200 promises nothing of them.",
  tag: "Health",
  access: { public: "says nothing but that it answers" },
  responses: {
    200: {
      description: "The API answers.",
      schema: z.object({ status: z.literal("ok").describe("`ok`; anything else is no answer of Wharf's.") }),
      type: "application/json",
    },
  },
  errors: [],
  example: { response: { status: "ok" } },
});
