/**
 * Where Wharf may send requests that users ask for: to public addresses, by name, over https.
 *
 * Used when a URL is registered and inside every connection, where the address that is dialled is the one checked:
 * a name that answers with a public address now and a private one next gets nowhere.
 */
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { trimEndOf } from "#core/kernel/trim-end-of.ts";
import { within } from "#core/kernel/within.ts";
import { NOT_PUBLIC, SPECIAL_IPV4, SPECIAL_IPV6 } from "./special-addresses.ts";

export interface Address {
  address: string;
  family: number;
}

/** All addresses of a name. */
type Resolver = (hostname: string) => Promise<readonly Address[]>;

export interface GuardOptions {
  /** Names of Wharf's own, which no webhook may lead back to. */
  ownHosts: readonly string[];
  /** Local cloud only: http and https to loopback addresses, at any port. */
  allowLoopback: boolean;
  /** @default the system's, by getaddrinfo */
  resolve?: Resolver;
  /** How long a name may take (ms): its server may be whoever's who wants to keep this function waiting. @default 3,000 */
  resolveMs?: number;
}

const RESOLVE_MS = 3_000;

/** Why the URL or an address behind it is refused. `where`: in the URL itself, or in what its name resolves to. */
export class EgressBlocked extends Error {
  readonly where: "url" | "address";
  constructor(where: "url" | "address", message: string) {
    super(message);
    this.name = "EgressBlocked";
    this.where = where;
  }
}

const PRIVATE_SUFFIXES = ["localhost", "local", "internal", "localdomain", "home.arpa", "onion"];
/** Apart: BlockList holds an IPv4 address against IPv6 rules too, as the mapped address that it isn't here. */
const OUT_OF_BOUNDS = { ipv4: blockList("ipv4"), ipv6: blockList("ipv6") };
const GLOBAL_UNICAST = ipaddr.parseCIDR("2000::/3");

export type OutboundGuard = ReturnType<typeof createGuard>;

/** Makes the guard's two checks: of a URL as written, and of the addresses that its name has now. */
export function createGuard({
  ownHosts,
  allowLoopback,
  resolve = systemResolver,
  resolveMs = RESOLVE_MS,
}: GuardOptions) {
  const own = new Set(ownHosts.map(bare));

  /** The parsed URL. @throws EgressBlocked saying which rule it breaks. */
  function checkUrl(text: string): URL {
    if (!URL.canParse(text)) throw refuse("is not an absolute URL");
    const url = new URL(text);
    if (url.username !== "" || url.password !== "") throw refuse("may not hold a user name or password");
    if (url.hash !== "" || text.includes("#")) throw refuse("may not hold a fragment");
    if (allowLoopback && isLoopbackHost(url.hostname) && /^https?:$/.test(url.protocol)) return url;
    if (url.protocol !== "https:") throw refuse("must be https");
    if (url.port !== "") throw refuse(`must use port 443, not ${url.port}`);
    const host = bare(url.hostname);
    if (isIP(host.replace(/^\[|\]$/g, "")) !== 0) throw refuse("must name a host, not an IP address");
    if (!host.includes(".")) throw refuse("must have a full domain name");
    const suffix = PRIVATE_SUFFIXES.find((name) => host === name || host.endsWith(`.${name}`));
    if (suffix !== undefined) throw refuse(`leads to a private name (.${suffix})`);
    if (own.has(host)) throw refuse("leads back to Wharf itself");
    return url;
  }

  /**
   * Addresses to dial for `url`, each of them checked. @throws EgressBlocked where any of them is not public, and
   * whatever the resolver throws, or that it took too long.
   */
  async function addressesOf(url: URL): Promise<readonly Address[]> {
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const family = isIP(host);
    const addresses = family === 0 ? await within(resolveMs, resolve(host)) : [{ address: host, family }];
    if (addresses.length === 0) throw Object.assign(new Error(`${host} has no address`), { code: "ENODATA" });
    for (const { address } of addresses) checkAddress(url, address);
    return addresses;
  }

  /** The address. @throws EgressBlocked unless a connection for `url` may lead there. */
  function checkAddress(url: URL, address: string): string {
    const loopback = allowLoopback && isLoopbackHost(url.hostname);
    if (loopback ? isLoopback(address) : isPublic(address)) return address;
    throw new EgressBlocked("address", `${url.hostname} leads to ${address}, which is not a public address`);
  }

  /** What may be called, for who was refused. */
  const allowed = allowLoopback
    ? "an https URL on port 443 whose host is a public name, or, since this is a local cloud, http or https to localhost, 127.0.0.1 or [::1] at any port"
    : "an https URL on port 443 whose host is a public name";

  return { checkUrl, addressesOf, checkAddress, allowed };
}

/** True for an address that anybody on the internet could reach. */
export function isPublic(address: string): boolean {
  // Stricter than ipaddr.js, which reads 010.1.1.1 as octal where others may not.
  if (isIP(address) === 0) return false;
  // `process` turns IPv4-mapped IPv6 addresses into the IPv4 addresses that they reach.
  const parsed = ipaddr.process(address);
  // ipaddr.js has its own idea of the registries, from memory; what either knows is refused.
  if (parsed.range() !== "unicast" || OUT_OF_BOUNDS[parsed.kind()].check(parsed.toString(), parsed.kind()))
    return false;
  return parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST);
}

function blockList(family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const [block] of [...SPECIAL_IPV4, ...SPECIAL_IPV6, ...NOT_PUBLIC]) {
    const [network, bits] = ipaddr.parseCIDR(block);
    if (network.kind() === family) list.addSubnet(network.toString(), bits, family);
  }
  return list;
}

function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === "loopback";
}

function isLoopbackHost(hostname: string): boolean {
  return hostname === "localhost" || isLoopback(hostname.replace(/^\[|\]$/g, ""));
}

/** Lower case, and without the root's dot: `Example.com.` is `example.com`. */
function bare(hostname: string): string {
  return trimEndOf(hostname.toLowerCase(), ".");
}

function refuse(why: string): EgressBlocked {
  return new EgressBlocked("url", `The URL ${why}.`);
}

const systemResolver: Resolver = (hostname) => lookup(hostname, { all: true, verbatim: true });
