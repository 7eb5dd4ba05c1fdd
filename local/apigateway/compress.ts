/**
 * Compresses answers as API Gateway does. Source: its developer guide, "Receive an API response with a compressed
 * payload": the API has a minimum size and the payload reaches it, `Accept-Encoding` names a supported coding in so many
 * words (`*` and no header do not), and the integration's answer has no `Content-Encoding` of its own.
 */
import { promisify } from "node:util";
import { deflate, gzip } from "node:zlib";
import type { ApiResponse } from "./gateway-response.ts";
import type { RestApi } from "./model.ts";
import { type ApiRequest, header } from "./request.ts";

const codings = { gzip: promisify(gzip), deflate: promisify(deflate) };

/** An integration's answer as the client gets it. */
export async function compressed(
  api: RestApi,
  request: ApiRequest,
  response: ApiResponse,
): Promise<ApiResponse> {
  const { minimumCompressionSize } = api;
  const encoded = response.headers.some(([name]) => name.toLowerCase() === "content-encoding");
  if (minimumCompressionSize === undefined || response.body.length < minimumCompressionSize || encoded)
    return response;
  // A HEAD's answer has no payload to compress.
  const coding = request.httpMethod === "HEAD" ? undefined : wanted(header(request, "accept-encoding"));
  if (coding === undefined) return response;
  const body = await codings[coding](response.body);
  return { ...response, headers: [...response.headers, ["Content-Encoding", coding]], body };
}

function wanted(acceptEncoding = ""): keyof typeof codings | undefined {
  const named = acceptEncoding.split(",").map((each) => {
    const [coding = "", ...parameters] = each
      .toLowerCase()
      .split(";")
      .map((part) => part.trim());
    return { coding, refused: parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter)) };
  });
  const takes = (name: string) => named.some(({ coding, refused }) => coding === name && !refused);
  return takes("gzip") ? "gzip" : takes("deflate") ? "deflate" : undefined;
}
