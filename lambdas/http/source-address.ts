import ipaddr from "ipaddr.js";
import type { AppContext } from "./context.ts";

/**
 * From where a request comes: the TCP peer of API Gateway (`requestContext.identity.sourceIp`). No header counts, as anybody
 * may write one; `undefined` where nothing says it.
 */
export const sourceAddress = ({ env }: Pick<AppContext, "env">): string | undefined => env?.sourceIp;

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
