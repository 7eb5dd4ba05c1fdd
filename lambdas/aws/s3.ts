/**
 * S3's REST API as far as Wharf calls it: nine operations over fetch, signed by headers.
 *
 * The SDK's S3 client is 130 kB of each function that has it, and most of a cold start; Wharf signs S3's URLs itself
 * already (`signer.ts`), so its own calls need only a request, an error code and three flat XML answers.
 */
import { createHmac, hash } from "node:crypto";
import { countCall } from "./log.ts";
import { address, createDayKey, type SigningCredentials, uriEncode } from "./signer.ts";

export interface S3Request {
  /** S3's name of the operation, for the log. */
  operation: string;
  method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  key: string;
  query?: Record<string, string>;
  /** By lower-case name. */
  headers?: Record<string, string>;
  body?: Uint8Array | string;
}

export interface S3Answer {
  headers: Headers;
  body: Uint8Array;
}

/** An error of S3's; `code` is S3's own (`NoSuchUpload`), or the status where the answer had no body. */
export class S3Error extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, status: number, message: string) {
    super(`S3 answered ${status} ${code}: ${message}`);
    this.name = "S3Error";
    this.code = code;
    this.status = status;
  }
}

/** Who calls, and where; any SDK client's `config` says both. */
export interface Identity {
  region: () => Promise<string>;
  credentials: () => Promise<SigningCredentials>;
}

const TRIES = 3;
/** Milliseconds for one try; CompleteMultipartUpload may take minutes for terabytes, but API Gateway waits for 29 s. */
const TIMEOUT = 25_000;

/** Binds requests to a bucket. `endpoint` as in `createSigner`. */
export function createS3(identity: Identity, bucket: string, endpoint: string | undefined) {
  const dayKey = createDayKey();

  /** Sends one request; S3's faults of the moment and broken connections are tried again. @throws S3Error */
  return async function send(request: S3Request): Promise<S3Answer> {
    countCall(`s3.${request.operation}`);
    for (let attempt = 1; ; attempt++) {
      try {
        return await once(request);
      } catch (error) {
        const passing = error instanceof S3Error ? error.status >= 500 : error instanceof TypeError;
        if (!passing || attempt === TRIES) throw error;
        // Full jitter: up to 100 ms, then up to 200 ms.
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 50 * 2 ** attempt));
      }
    }
  };

  async function once({ method, key, query = {}, headers = {}, body = "" }: S3Request): Promise<S3Answer> {
    const [region, credentials] = await Promise.all([identity.region(), identity.credentials()]);
    const { origin, host, path } = address({ bucket, endpoint, region }, key);
    const timestamp = new Date().toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
    const signed: Record<string, string> = {
      ...headers,
      host,
      "x-amz-content-sha256": hash("sha256", body),
      "x-amz-date": timestamp,
      ...(credentials.sessionToken === undefined ? {} : { "x-amz-security-token": credentials.sessionToken }),
    };
    const names = Object.keys(signed).sort();
    const search = Object.entries(query)
      .map(([name, value]) => `${uriEncode(name)}=${uriEncode(value)}`)
      .sort()
      .join("&");
    const canonicalHeaders = names.map((name) => `${name}:${signed[name]}\n`).join("");
    const canonical = [
      method,
      path,
      search,
      canonicalHeaders,
      names.join(";"),
      signed["x-amz-content-sha256"],
    ].join("\n");
    const scope = `${timestamp.slice(0, 8)}/${region}/s3/aws4_request`;
    const signature = createHmac("sha256", dayKey(credentials.secretAccessKey, timestamp.slice(0, 8), region))
      .update(`AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${hash("sha256", canonical)}`)
      .digest("hex");
    const { host: _, ...sent } = signed;
    const response = await fetch(`${origin}${path}${search === "" ? "" : `?${search}`}`, {
      method,
      headers: {
        ...sent,
        authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`,
      },
      ...(method === "PUT" || method === "POST" ? { body } : {}),
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const xml = (response.headers.get("content-type") ?? "").includes("xml")
      ? new TextDecoder().decode(bytes)
      : "";
    // CompleteMultipartUpload answers 200 before it is done, and may then end in an error.
    if (response.ok && !/^(<\?xml[^>]*>)?\s*<Error>/.test(xml))
      return { headers: response.headers, body: bytes };
    const status = response.ok ? 500 : response.status;
    throw new S3Error(
      xmlText(xml, "Code") ?? String(status),
      status,
      xmlText(xml, "Message") ?? "no message",
    );
  }
}

/** The text of the first element of this name. S3's answers are flat: no element that is read here nests in itself. */
export function xmlText(xml: string, name: string): string | undefined {
  const [, text] = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml) ?? [];
  return text?.replaceAll(/&(quot|amp|lt|gt|apos|#\d+|#x[\da-f]+);/gi, (_, entity: string) => {
    if (entity.startsWith("#x")) return String.fromCodePoint(Number.parseInt(entity.slice(2), 16));
    if (entity.startsWith("#")) return String.fromCodePoint(Number(entity.slice(1)));
    return { quot: '"', amp: "&", lt: "<", gt: ">", apos: "'" }[entity.toLowerCase()] ?? "";
  });
}

/** Escapes text for an element. */
export function xmlEscape(text: string): string {
  return text.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`);
}
