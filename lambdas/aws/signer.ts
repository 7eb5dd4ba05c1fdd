/**
 * Presigned S3 URLs by AWS Signature Version 4, computed directly.
 *
 * The SDK's presigner runs a whole middleware stack per URL; a large upload needs ten thousand. Here everything
 * but the part number is canonical form already, and the day's key is kept as a KeyObject (a Buffer key costs
 * several times an HMAC on Node 24).
 *
 * Source: "Authenticating Requests: Using Query Parameters" in the S3 API Reference.
 */
import { createHmac, createSecretKey, hash, type KeyObject } from "node:crypto";

/** What AWS calls an identity; `expiration` is known for temporary credentials from some providers. */
export interface SigningCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiration?: Date;
}

/** Who signs, and where; any SDK client's `config` says both. */
export interface Identity {
  region: () => Promise<string>;
  credentials: () => Promise<SigningCredentials>;
}

export interface SignerOptions extends Identity {
  bucket: string;
  /** Endpoint that isn't AWS's own; URLs are path-style then. @default the bucket's virtual host in its region */
  endpoint?: string | undefined;
  /** Milliseconds since the epoch. @default Date.now */
  now?: () => number;
}

export interface SignInput {
  method: "GET" | "PUT" | "HEAD";
  key: string;
  query?: Readonly<Record<string, string>>;
  /** Headers that the user of the URL must send with these very values, by lower-case name. */
  headers?: Readonly<Record<string, string>>;
  /** Seconds; shortened to what the credentials have left. S3: 604,800 at most. */
  expiresIn: number;
}

export interface SignedUrl {
  url: string;
  /** Seconds that it works, which may be fewer than were asked for. */
  expiresIn: number;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

export interface PartsInput {
  key: string;
  uploadId: string;
  /** As in `SignInput`. */
  headers?: Readonly<Record<string, string>>;
  expiresIn: number;
}

export interface FormInput {
  key: string;
  /** Bytes that the file may have, both included. */
  range: readonly [min: number, max: number];
  /** Seconds; shortened to what the credentials have left. */
  expiresIn: number;
}

/** What a browser's form has to post to store one object (multipart/form-data, the file as `file`, last). */
export interface SignedForm {
  url: string;
  fields: Record<string, string>;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/** The URLs of one upload's parts: that of part n is `prefix + n + suffix + signature(n)`. */
export interface PartUrls {
  prefix: string;
  suffix: string;
  /** 64 hex characters. */
  signature(partNumber: number): string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

const ALGORITHM = "AWS4-HMAC-SHA256";
const MAX_EXPIRES_IN = 604_800;

/** Binds a signer to a bucket and to whoever signs. */
export function createSigner({ bucket, region, credentials, endpoint, now = Date.now }: SignerOptions) {
  const dayKey = createDayKey();

  /** Everything of a URL but the value of the parameter `hole`, where there is one. */
  async function prepare(
    { method, key, query = {}, headers = {}, expiresIn }: SignInput,
    hole?: string,
  ): Promise<{
    prefix: string;
    suffix: string;
    signature(value: string | number): string;
    expiresIn: number;
    expiresAt: number;
  }> {
    const [regionName, identity] = await Promise.all([region(), credentials()]);
    const moment = now();
    const seconds = lifetime(expiresIn, identity.expiration, moment);
    const timestamp = timestampOf(moment);
    const date = timestamp.slice(0, 8);
    const scope = `${date}/${regionName}/s3/aws4_request`;
    const { origin, host, path } = address({ bucket, endpoint, region: regionName }, key);

    const signedHeaders: Record<string, string> = { host, ...headers };
    const sorted = Object.entries(signedHeaders).sort(([a], [b]) => (a < b ? -1 : 1));
    const names = sorted.map(([name]) => name);
    const parameters = Object.entries({
      ...query,
      "X-Amz-Algorithm": ALGORITHM,
      // The SDK's presigner puts it into the query as well; S3 takes the payload as unsigned either way.
      "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD",
      "X-Amz-Credential": `${identity.accessKeyId}/${scope}`,
      "X-Amz-Date": timestamp,
      "X-Amz-Expires": String(seconds),
      ...(identity.sessionToken === undefined ? {} : { "X-Amz-Security-Token": identity.sessionToken }),
      "X-Amz-SignedHeaders": names.join(";"),
    }).map(([name, value]) => [uriEncode(name), `${uriEncode(name)}=${uriEncode(value)}`] as const);
    if (hole !== undefined) parameters.push([hole, `${hole}=`]);
    // Canonical order is that of the encoded names' bytes; the URL keeps it, its signature comes last.
    parameters.sort(([a], [b]) => (a < b ? -1 : 1));
    const cut = hole === undefined ? parameters.length : parameters.findIndex(([name]) => name === hole) + 1;
    const join = (list: typeof parameters) => list.map(([, text]) => text).join("&");
    const before = join(parameters.slice(0, cut));
    const after = cut < parameters.length ? `&${join(parameters.slice(cut))}` : "";

    const canonicalHead = `${method}\n${path}\n${before}`;
    const canonicalHeaders = sorted.map(([name, value]) => `${name}:${canonicalValue(value)}\n`).join("");
    const canonicalTail = `${after}\n${canonicalHeaders}\n${names.join(";")}\nUNSIGNED-PAYLOAD`;
    const toSign = `${ALGORITHM}\n${timestamp}\n${scope}\n`;
    const daily = dayKey(identity.secretAccessKey, date, regionName);
    return {
      prefix: `${origin}${path}?${before}`,
      suffix: `${after}&X-Amz-Signature=`,
      signature: (value) =>
        createHmac("sha256", daily)
          .update(toSign + hash("sha256", canonicalHead + value + canonicalTail))
          .digest("hex"),
      expiresIn: seconds,
      expiresAt: Math.floor(moment / 1000) * 1000 + seconds * 1000,
    };
  }

  /** A presigned URL for one request. @throws Error where the credentials have run out. */
  async function sign(input: SignInput): Promise<SignedUrl> {
    const { prefix, suffix, signature, ...ends } = await prepare(input);
    return { url: prefix + suffix + signature(""), ...ends };
  }

  /** The URLs of an upload's parts, each for one hash and one HMAC. @throws Error where the credentials have run out. */
  async function signParts({ uploadId, ...input }: PartsInput): Promise<PartUrls> {
    return prepare({ method: "PUT", ...input, query: { uploadId, "x-id": "UploadPart" } }, "partNumber");
  }

  /**
   * A form that stores one object under one key, and no other.
   *
   * S3: each field but policy, signature and file needs a condition, and so does the bucket. Source: "Browser-Based
   * Uploads Using POST (AWS Signature Version 4)" in the S3 API Reference.
   *
   * @throws Error where the credentials have run out.
   */
  async function signForm({ key, range, expiresIn }: FormInput): Promise<SignedForm> {
    const [regionName, identity] = await Promise.all([region(), credentials()]);
    const moment = now();
    const seconds = lifetime(expiresIn, identity.expiration, moment);
    const timestamp = timestampOf(moment);
    const date = timestamp.slice(0, 8);
    const expiresAt = Math.floor(moment / 1000) * 1000 + seconds * 1000;
    const { origin, path } = address({ bucket, endpoint, region: regionName }, "");
    const fields: Record<string, string> = {
      key,
      "x-amz-algorithm": ALGORITHM,
      "x-amz-credential": `${identity.accessKeyId}/${date}/${regionName}/s3/aws4_request`,
      "x-amz-date": timestamp,
      ...(identity.sessionToken === undefined ? {} : { "x-amz-security-token": identity.sessionToken }),
    };
    const conditions = [
      { bucket },
      ...Object.entries(fields).map(([name, value]) => ({ [name]: value })),
      ["content-length-range", ...range],
    ];
    const document = { expiration: new Date(expiresAt).toISOString(), conditions };
    const policy = Buffer.from(JSON.stringify(document)).toString("base64");
    const signature = hmac(dayKey(identity.secretAccessKey, date, regionName), policy).toString("hex");
    return {
      url: `${origin}${path}`,
      fields: { ...fields, policy, "x-amz-signature": signature },
      expiresAt,
    };
  }

  return { sign, signParts, signForm };
}

/** `YYYYMMDDTHHMMSSZ` */
function timestampOf(moment: number): string {
  return new Date(moment).toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
}

/** Derives the key that signs everything of one day and region for S3, and keeps it while they stay the same. */
function createDayKey() {
  let day: { id: string; key: KeyObject } | undefined;
  return (secret: string, date: string, region: string): KeyObject => {
    const id = `${date}/${region}/${secret}`;
    if (day?.id !== id) {
      const scoped = [region, "s3", "aws4_request"].reduce(hmac, hmac(`AWS4${secret}`, date));
      day = { id, key: createSecretKey(scoped) };
    }
    return day.key;
  };
}

/** Percent-encodes all but RFC 3986's unreserved characters, as SigV4 wants it. */
function uriEncode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** A URL that outlives its signer's credentials fails with a riddle, so it doesn't claim to. */
function lifetime(asked: number, expiration: Date | undefined, moment: number): number {
  const left = expiration === undefined ? MAX_EXPIRES_IN : Math.floor((expiration.getTime() - moment) / 1000);
  if (left < 1) throw new Error("The credentials that should sign have expired.");
  return Math.min(asked, left, MAX_EXPIRES_IN);
}

/** Where an object is: path-style under an endpoint of one's own, else on the bucket's virtual host. */
function address(
  { bucket, endpoint, region }: { bucket: string; endpoint: string | undefined; region: string },
  key: string,
): { origin: string; host: string; path: string } {
  const object = key.split("/").map(uriEncode).join("/");
  if (endpoint !== undefined) {
    const { origin, host, pathname } = new URL(endpoint);
    return { origin, host, path: `${pathname.replace(/\/$/, "")}/${bucket}/${object}` };
  }
  // A dot in the bucket's name would break the wildcard certificate of the virtual hosts.
  const virtual = !bucket.includes(".");
  const host = virtual ? `${bucket}.s3.${region}.amazonaws.com` : `s3.${region}.amazonaws.com`;
  return { origin: `https://${host}`, host, path: virtual ? `/${object}` : `/${bucket}/${object}` };
}

function canonicalValue(value: string): string {
  return value.trim().replaceAll(/\s+/g, " ");
}

function hmac(key: string | Buffer | KeyObject, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
