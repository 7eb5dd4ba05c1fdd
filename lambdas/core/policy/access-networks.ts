import ipaddr from "ipaddr.js";
import { overlap } from "./meets.ts";
import type { Rule } from "./rule.ts";

/** Whether an address, or all of a network, is in a network. Families differ: an IPv4 address in IPv6 is the IPv4 one. */
function isWithin(network: string, given: string): boolean {
  const [base, bits] = ipaddr.parseCIDR(network);
  const [address, narrow] = given.includes("/")
    ? ipaddr.parseCIDR(given)
    : [ipaddr.process(given), undefined];
  if (address.kind() !== base.kind()) return false;
  return (narrow ?? Number.POSITIVE_INFINITY) >= bits && address.match(base, bits);
}

export const accessAllowedNetworks: Rule<"access.allowed_cidrs"> = {
  unset: null,
  meet: overlap(isWithin),
  stricter: "what is in both",
  existing:
    "Tokens and keys that exist act from there alone, from the next call on. URLs that were signed before work for their 60 s.",
  judge(networks, act) {
    if (act.action !== "call" || networks === null || act.from === undefined) return undefined;
    const { address } = act.from;
    if (address !== undefined && ipaddr.isValid(address) && networks.some((one) => isWithin(one, address)))
      return undefined;
    // What is allowed is told to nobody outside.
    return { kind: "deny", given: address ?? null, passes: "Call from a network that the policy allows" };
  },
};
