/** Passwords of links: scrypt (RFC 7914), slow on purpose and run off the main thread. */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";

/** OWASP's second choice of equal strength: 32 MiB and about 0.1 s of one core per try. */
const COST: Cost = { N: 2 ** 15, r: 8, p: 3 };
const LENGTH = 32;

/** Memory and time of a try: RFC 7914, section 2. */
type Cost = Required<Pick<ScryptOptions, "N" | "r" | "p">>;

/** `scrypt$N$r$p$salt$hash`, salt and hash in base64url. The same text in another Unicode form is the same password. */
export async function hashPassword(password: string, cost: Cost = COST): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, cost);
  return ["scrypt", cost.N, cost.r, cost.p, salt.toString("base64url"), hash.toString("base64url")].join("$");
}

/** Compares in constant time. @throws Error where `stored` isn't what `hashPassword` makes. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [scheme, N, r, p, salt, hash] = stored.split("$");
  if (scheme !== "scrypt" || salt === undefined || hash === undefined)
    throw new Error("the stored password has an unknown form");
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const given = await derive(password, Buffer.from(salt, "base64url"), cost);
  return timingSafeEqual(given, Buffer.from(hash, "base64url"));
}

function derive(password: string, salt: Buffer, cost: Cost): Promise<Buffer> {
  // Node refuses what might need more than maxmem; scrypt takes 128 · N · r bytes and a little.
  const options = { ...cost, maxmem: 128 * cost.N * cost.r + 2 ** 20 };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFC"), salt, LENGTH, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}
