import { domainToASCII, domainToUnicode } from "node:url";

/** RFC 5321, 4.5.3.1: 64 octets of a local part, 254 of all of it. */
const MAX = { local: 64, all: 254 };
/** What can't stand in a local part unquoted (RFC 5322, 3.2.3), and what nobody sees. Letters of all languages may (RFC 6532). */
const NOT_LOCAL = /[\s\p{C}"(),:;<>@[\\\]]/u;
/** What no domain has, though a URL's parser reads over it: it drops line breaks and soft hyphens, and decodes `%61`. */
const NOT_DOMAIN = /[\s\p{C}"(),:;<>@[\\\]%/?#]/u;

export interface EmailAddress {
  /** As it is shown and mailed to: NFC, its domain in lower case and in letters, not in punycode. */
  address: string;
  /** What is one person's alone: by RFC 5321 case may tell local parts apart, which no mailbox of today does. */
  unique: string;
}

/** An e-mail address as it is kept; `undefined` where it is none. */
export function emailAddress(text: string): EmailAddress | undefined {
  const given = text.trim().normalize("NFC");
  const at = given.lastIndexOf("@");
  const local = given.slice(0, Math.max(0, at));
  const domain = given.slice(at + 1);
  const ascii = NOT_DOMAIN.test(domain) ? "" : domainToASCII(domain);
  const bytes = (value: string) => Buffer.byteLength(value);
  if (local === "" || NOT_LOCAL.test(local) || bytes(local) > MAX.local) return undefined;
  if (local.startsWith(".") || local.endsWith(".") || local.includes("..")) return undefined;
  // Where the last part is digits, it is an IP address.
  if (/\.\d+$/.test(ascii)) return undefined;
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(ascii) || bytes(local) + ascii.length + 1 > MAX.all)
    return undefined;
  const lower = local.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return { address: `${local}@${domainToUnicode(ascii)}`, unique: `${lower}@${ascii}` };
}
