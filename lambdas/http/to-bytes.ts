import type * as z from "zod";
import type { SignedUrl } from "#aws/signer.ts";
import type { urlAnswer } from "#core/files/contract.ts";
import { iso } from "#core/kernel/time.ts";
import type { AppContext, Reply } from "./context.ts";

/** What a download route was asked by: Hono answers HEAD by the route of GET. */
export function methodOf({ req }: AppContext): "GET" | "HEAD" {
  return req.method === "HEAD" ? "HEAD" : "GET";
}

/** Leads to a presigned URL; the body says how long it works, for clients that keep it. */
export function toBytes({ url, expiresIn, expiresAt }: SignedUrl, headers: Record<string, string>): Reply {
  const body: z.output<typeof urlAnswer> = {
    expires_in: expiresIn,
    expires_at: iso(expiresAt),
  };
  return { headers: { ...headers, Location: url }, body };
}
