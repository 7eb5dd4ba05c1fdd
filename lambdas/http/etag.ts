import { createHash, hash } from "node:crypto";
import * as z from "zod";
import type { Answer } from "./context.ts";

const versioned = z.object({ version_id: z.string() });

/** `ETag` of an answer that names a file's version. */
export function etagOf(body: unknown): { ETag: string } {
  return { ETag: `"${versioned.parse(body).version_id}"` };
}

/**
 * The ETag of what a GET answers: of its very text, since a name changes without a new version. It begins
 * with the version's id, where the answer has one, so that `If-Match` takes it as it stands.
 */
export function etagOfText(text: string, version: string | undefined): string {
  const digest = hash("sha256", text, "base64url").slice(0, 22);
  return version === undefined ? `"${digest}"` : `"${version.replaceAll('"', "")}.${digest}"`;
}

/** Whether `If-None-Match` names this ETag, or is `*`. RFC 9110, 13.1.2: compared weakly. */
export function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === "*") return true;
  return [...ifNoneMatch.matchAll(/"[^"]*"/g)].some(([one]) => one === etag);
}

/** Of a text, weak (RFC 9110, 8.8.1): its bytes differ by the coding that a gateway gives it. */
export function textEtag(text: string): string {
  return `W/"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
}

/** 304 where the client names the answer's `ETag` in `If-None-Match`, compared weakly (RFC 9110, 13.1.2). */
export function unlessKnown(answer: Answer, ifNoneMatch: string | undefined): Answer {
  const etag = answer.headers?.["ETag"];
  if (etag === undefined || ifNoneMatch === undefined) return answer;
  const opaque = (tag: string) => tag.trim().replace(/^W\//, "");
  const known = ifNoneMatch.split(",").map(opaque);
  if (!known.includes(opaque(etag)) && !known.includes("*")) return answer;
  const { "Content-Type": _, ...headers } = answer.headers ?? {};
  return { status: 304, headers };
}
