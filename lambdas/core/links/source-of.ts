import ipaddr from "ipaddr.js";

/**
 * What stands for the place that a request came from: its IPv4 address, or the /64 of its IPv6 address, within which
 * a machine changes its address by itself (RFC 8981). `undefined` for what is no address.
 */
export function sourceOf(address: string | undefined): string | undefined {
  if (address === undefined || !ipaddr.isValid(address)) return undefined;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  return parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(":");
}
