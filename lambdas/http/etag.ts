import { hash } from "node:crypto";
import * as z from "zod";
import type { Answer } from "./context.ts";

const versioned = z.object({ version_id: z.string() });

/** `ETag` of an answer that names a file's version. */
export function etagOf(body: unknown): { ETag: string } {
  return { ETag: `"${versioned.parse(body).version_id}"` };
}

/**
 * A GET's JSON as the text that it is sent as, under an ETag of that very text, since a name changes without a new
 * version. It begins with the version's id, where the answer has one, so that `If-Match` takes it as it stands.
 */
export function withEtag({ status, body, headers }: Answer): Answer {
  const text = JSON.stringify(body);
  const digest = hash("sha256", text, "base64url").slice(0, 22);
  const version = headers?.["ETag"]?.replaceAll('"', "");
  const ETag = version === undefined ? `"${digest}"` : `"${version}.${digest}"`;
  return { status, body: text, headers: { "Content-Type": "application/json", ...headers, ETag } };
}

/** Of a text, weak (RFC 9110, 8.8.1): its bytes differ by the coding that a gateway gives it. */
export function textEtag(text: string): string {
  return `W/"${hash("sha256", text, "base64url").slice(0, 22)}"`;
}

/** 304 where the client names the answer's `ETag` in `If-None-Match`, or any (RFC 9110, 13.1.2 and 15.4.5). */
export function unlessKnown(answer: Answer, ifNoneMatch: string | undefined): Answer {
  const { ETag: etag, "Content-Type": _, ...headers } = answer.headers ?? {};
  if (etag === undefined || ifNoneMatch === undefined || !names(ifNoneMatch, etag)) return answer;
  return { status: 304, headers: { ...headers, ETag: etag } };
}

/** Compared weakly. */
function names(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch.trim() === "*") return true;
  const [opaque] = /"[^"]*"/.exec(etag) ?? [];
  return [...ifNoneMatch.matchAll(/"[^"]*"/g)].some(([one]) => one === opaque);
}
