/** Calls of services whose clients the project has no other use for. */
import { REGION } from "@wharf/local-cloud";
import { XMLParser } from "fast-xml-parser";

const parser = new XMLParser({ isArray: (name) => name === "member", parseTagValue: false });

/** moto goes by the scope's service, and checks no signature. */
function scope(service: string): Record<string, string> {
  return {
    authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${REGION}/${service}/aws4_request, SignedHeaders=host, Signature=00`,
  };
}

/** A call of a REST API, as Lambda's. */
export async function restCall(endpoint: string, service: string, path: string): Promise<unknown> {
  const response = await fetch(`${endpoint}${path}`, { headers: scope(service) });
  if (!response.ok) throw new Error(`${service} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** A call of the query protocol, as IAM's; its result in XML's shape, lists by `member`. */
export async function queryCall(
  endpoint: string,
  service: string,
  parameters: Record<string, string>,
): Promise<unknown> {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: { ...scope(service), "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(parameters),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${service} ${parameters["Action"]}: ${response.status} ${text}`);
  return parser.parse(text);
}
