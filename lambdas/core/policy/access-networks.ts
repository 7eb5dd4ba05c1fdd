import { BlockList, isIP } from "node:net";
import { overlap } from "./meets.ts";
import type { Rule } from "./rule.ts";

const familyOf = (address: string) => (isIP(address) === 6 ? "ipv6" : "ipv4");

/** Whether an address, or all of a network, is in a network. An IPv4 address that IPv6 writes (`::ffff:…`) is the IPv4 one. */
function isWithin(network: string, given: string): boolean {
  const [base = "", bits = ""] = network.split("/");
  const [address = "", narrow] = given.split("/");
  if (isIP(address) === 0 || Number(narrow ?? 128) < Number(bits)) return false;
  const isMapped = narrow === undefined && familyOf(address) === "ipv6";
  if (familyOf(address) !== familyOf(base) && !isMapped) return false;
  const list = new BlockList();
  list.addSubnet(base, Number(bits), familyOf(base));
  return list.check(address, familyOf(address));
}

export const accessAllowedNetworks: Rule<"access.allowed_cidrs"> = {
  unset: null,
  meet: overlap(isWithin),
  judge(networks, act) {
    if (act.action !== "call" || networks === null || act.from === undefined) return undefined;
    const { address } = act.from;
    if (address !== undefined && networks.some((one) => isWithin(one, address))) return undefined;
    // What is allowed is told to nobody outside.
    return { kind: "deny", given: address ?? null, passes: "Call from a network that the policy allows" };
  },
};
