/**
 * Access keys of the local account: one root key per data directory, and temporary ones for roles.
 *
 * Temporary credentials are not stored. Their session token holds the principal and the expiry under a MAC,
 * and their secret is derived from the token, so URLs that a role presigned outlive a restart, as in AWS.
 */
import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Clock } from "./clock.ts";
import { readJsonFile } from "./data/read-json-file.ts";
import { replaceFile } from "./replace-file.ts";
import type { Principal } from "./types.ts";
import { ACCOUNT } from "./types.ts";

export interface TemporaryCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  /** Epoch milliseconds. */
  expiresAt: number;
}

export interface FoundCredentials {
  secretAccessKey: string;
  principal: Principal;
  /** Epoch milliseconds; absent for the root key. */
  expiresAt?: number;
}

export interface Credentials {
  /** The administrator's key, the same on every start in one data directory. */
  readonly root: { accessKeyId: string; secretAccessKey: string };
  /** Makes temporary credentials for a principal. @default ttlMs 6 hours */
  issue(principal: Principal, options?: { ttlMs?: number }): TemporaryCredentials;
  /** Finds who holds a key: `unknown-key` for a key not of this account, `bad-token` for a token that isn't its. */
  lookup(accessKeyId: string, sessionToken?: string): FoundCredentials | "unknown-key" | "bad-token";
}

const SECRET_BYTES = 30;
const TOKEN_KEY_BYTES = 32;
const keyOf = (bytes: number) => z.base64().length(4 * Math.ceil(bytes / 3));
/** As `load` makes them: an empty key would let anybody sign. */
const stored = z.object({
  accessKeyId: z.string().regex(/^AKIA[A-Z2-7]{16}$/),
  secretAccessKey: keyOf(SECRET_BYTES),
  tokenKey: keyOf(TOKEN_KEY_BYTES),
});
const sealed = z.object({
  id: z.string(),
  expiresAt: z.number(),
  principal: z.object({
    kind: z.enum(["root", "role", "service"]),
    arn: z.string(),
    role: z.string().optional(),
    environment: z.string().optional(),
  }),
});

type Opened = z.infer<typeof sealed> & { secret: string };

const MAX_GENUINE = 500;
const SIX_HOURS = 6 * 60 * 60 * 1000;

/** Opens the account's credentials, creating them in `dir` (or in memory) on the first start. */
export function createCredentials({ clock, dir }: { clock: Clock; dir: string | undefined }): Credentials {
  const { tokenKey, ...root } = load(dir);
  const rootPrincipal: Principal = { kind: "root", arn: `arn:aws:iam::${ACCOUNT}:root` };
  const key = createSecretKey(tokenKey, "utf8");
  const mac = (text: string) => createHmac("sha256", key).update(text).digest();
  /** Tokens that were found genuine: every call of a function shows the same one. */
  const genuine = new Map<string, Opened>();

  return {
    root,
    issue(principal, { ttlMs = SIX_HOURS } = {}) {
      const accessKeyId = `ASIA${randomId()}`;
      const expiresAt = clock.now() + ttlMs;
      const payload = Buffer.from(JSON.stringify({ id: accessKeyId, expiresAt, principal }));
      const sessionToken = Buffer.concat([mac(`token ${payload}`), payload]).toString("base64");
      return { accessKeyId, secretAccessKey: secretOf(accessKeyId, sessionToken), sessionToken, expiresAt };
    },
    lookup(accessKeyId, sessionToken) {
      if (accessKeyId === root.accessKeyId) {
        return sessionToken === undefined
          ? { secretAccessKey: root.secretAccessKey, principal: rootPrincipal }
          : "bad-token";
      }
      // AWS too says of a temporary key without its token that it knows no such key.
      if (!accessKeyId.startsWith("ASIA") || sessionToken === undefined) return "unknown-key";
      const token = open(sessionToken);
      if (token?.id !== accessKeyId) return "bad-token";
      const { kind, arn, role, environment } = token.principal;
      return {
        secretAccessKey: token.secret,
        principal: { kind, arn, ...(role && { role }), ...(environment && { environment }) },
        expiresAt: token.expiresAt,
      };
    },
  };

  function secretOf(accessKeyId: string, sessionToken: string): string {
    return mac(`secret ${accessKeyId} ${sessionToken}`).toString("base64").slice(0, 40);
  }

  function open(sessionToken: string): Opened | undefined {
    const known = genuine.get(sessionToken);
    if (known !== undefined) return known;
    const bytes = Buffer.from(sessionToken, "base64");
    // Base64 has several spellings of the same bytes; only the one that was issued counts.
    if (bytes.length <= 32 || bytes.toString("base64") !== sessionToken) return undefined;
    const payload = bytes.subarray(32);
    if (!timingSafeEqual(bytes.subarray(0, 32), mac(`token ${payload}`))) return undefined;
    const token = sealed.parse(JSON.parse(payload.toString()));
    const opened = { ...token, secret: secretOf(token.id, sessionToken) };
    if (genuine.size === MAX_GENUINE) genuine.clear();
    genuine.set(sessionToken, opened);
    return opened;
  }
}

function load(dir: string | undefined): z.infer<typeof stored> {
  const fresh = {
    accessKeyId: `AKIA${randomId()}`,
    secretAccessKey: randomBytes(SECRET_BYTES).toString("base64"),
    tokenKey: randomBytes(TOKEN_KEY_BYTES).toString("base64"),
  };
  if (dir === undefined) return fresh;
  mkdirSync(dir, { recursive: true });
  const file = join(dir, "credentials.json");
  const found = readJsonFile(
    file,
    stored,
    "It holds the account's key. Put it back from a backup, or delete it: the next start makes a new key, and URLs signed before are void",
  );
  if (found !== undefined) return found;
  replaceFile(file, JSON.stringify(fresh));
  return fresh;
}

/** Sixteen characters of AWS's alphabet for key ids (base 32). */
function randomId(): string {
  return Array.from(randomBytes(16), (byte) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[byte & 31]).join("");
}
