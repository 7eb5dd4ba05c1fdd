/** Answers only calls that name this machine: a page of any origin can have its own name lead to 127.0.0.1. */
import type { IncomingMessage, ServerResponse } from "node:http";

const OWN = ["localhost", "127.0.0.1", "[::1]"];

/** The request target in its absolute form (RFC 9112, 3.2.2): authority, then path and query. */
const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/is;

/** Brings an absolute-form target into origin form; its authority takes the place of `Host` (RFC 9112, 3.2.2). */
export function readTarget(req: IncomingMessage): void {
  const [, authority, rest = ""] = ABSOLUTE.exec(req.url ?? "") ?? [];
  if (authority === undefined) return;
  req.headers.host = authority;
  req.url = rest.startsWith("/") ? rest : `/${rest}`;
}

/**
 * Answers 421 (RFC 9110, 15.5.20) to a call for another host, and says whether it did. Nobody but this machine can give
 * `localhost` and what is below it an address (RFC 6761, 6.3). The port is left open: a forwarded one is another.
 *
 * @param virtualHosts whether S3's buckets are called by `bucket.localhost` as well
 */
export function refuseForeignHost(
  req: IncomingMessage,
  res: ServerResponse,
  { virtualHosts = false }: { virtualHosts?: boolean } = {},
): boolean {
  const { host } = req.headers;
  // HTTP/1.0 names none, and no browser speaks it.
  if (host === undefined || isOwn(host, virtualHosts)) return false;
  const text = `This is a cloud on somebody's own machine, which answers as ${OWN.join(", ")} only, not as ${JSON.stringify(host)}.\n`;
  res.writeHead(421, {
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    connection: "close",
  });
  res.end(req.method === "HEAD" ? undefined : text);
  return true;
}

/**
 * Answers 400 to a call with two `Host` headers (RFC 9112, 3.2), of which one would be checked and the other used, and
 * says whether it did. Without a body, as Node's parser refuses what is no HTTP: so far no API has been found.
 */
export function refuseTwoHosts(req: IncomingMessage, res: ServerResponse): boolean {
  const hosts = req.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === "host");
  if (hosts.length < 2) return false;
  res.writeHead(400, { "content-length": 0, connection: "close" });
  res.end();
  return true;
}

function isOwn(host: string, virtualHosts: boolean): boolean {
  const name = host.toLowerCase().replace(/:\d{1,5}$/, "");
  return OWN.includes(name) || (virtualHosts && name.endsWith(".localhost"));
}
