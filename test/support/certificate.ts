/** A self-signed certificate for a test's TLS server, made on the spot so that no key lies in the repo. */
import { generateKeyPairSync, sign } from "node:crypto";
import { isIPv4 } from "node:net";

const SEQUENCE = 0x30;
const SET = 0x31;

/** PEM of a key and a certificate that names `host` (IPv4 address or DNS name), valid around `now`. */
export function selfSigned(host: string, { expired = false } = {}): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const year = new Date().getUTCFullYear();
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, oid([85, 4, 3]), der(0x0c, Buffer.from(host)))));
  const algorithm = der(SEQUENCE, oid([42, 134, 72, 206, 61, 4, 3, 2])); // ecdsa-with-SHA256
  const general = isIPv4(host)
    ? der(0x87, Buffer.from(host.split(".").map(Number)))
    : der(0x82, Buffer.from(host));
  const alternative = der(SEQUENCE, oid([85, 29, 17]), der(0x04, der(SEQUENCE, general)));
  const authority = der(SEQUENCE, oid([85, 29, 19]), der(0x04, der(SEQUENCE, der(0x01, Buffer.from([255])))));
  const body = der(
    SEQUENCE,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    algorithm,
    name,
    der(SEQUENCE, date(year - 2), date(expired ? year - 1 : year + 1)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, der(SEQUENCE, authority, alternative)),
  );
  const signature = der(0x03, Buffer.from([0]), sign("sha256", body, privateKey));
  const certificate = der(SEQUENCE, body, algorithm, signature).toString("base64");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.replace(/(.{64})/g, "$1\n")}\n-----END CERTIFICATE-----\n`,
  };
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [129, length] : [130, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const oid = (bytes: number[]) => der(0x06, Buffer.from(bytes));
const date = (year: number) => der(0x17, Buffer.from(`${String(year).slice(2)}0101000000Z`));
