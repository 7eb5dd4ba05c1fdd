import {
  ContentHandling,
  LambdaIntegration,
  type MethodOptions,
  PassthroughBehavior,
  type Resource,
} from "aws-cdk-lib/aws-apigateway";
import type { NodeFunction } from "./node-function.ts";

/**
 * `PUT …/chunks`: API Gateway takes the bytes (10 MB at most, more than Lambda's 6 MB), a template drops them, and
 * the function answers from the headers alone: a redirect to where the bytes belong.
 */
export function addChunkMethod(chunks: Resource, handler: NodeFunction): void {
  chunks.addMethod("PUT", chunkIntegration(handler), chunkMethod);
}

/**
 * Content types that the template is written for. A request without one counts as JSON, so `curl -T` and Python's
 * `requests` come in by that. Any other is refused with 415: passing it on would pass the body on.
 */
const contentTypes = [
  "application/json",
  "application/octet-stream",
  "application/x-www-form-urlencoded",
  "text/plain",
];

/**
 * Everything of the request but its body, as JSON. Escaping makes `\'` of an apostrophe, which JSON doesn't know;
 * no header that is read here may hold one, so `?` stands for it and is refused by whoever reads it.
 *
 * `$input.params()` has one value of a repeated parameter. `method.request.multivaluequerystring` has all of them, but
 * maps only to parameters of an HTTP integration; no template can read it.
 */
export const chunkRequestTemplate = [
  `#set($headers = $input.params().header)`,
  `#set($query = $input.params().querystring)`,
  `{"chunk":{`,
  `"id":"$util.escapeJavaScript($input.params("id").replaceAll("'", "?"))",`,
  `"query":{`,
  `#foreach($name in $query.keySet())`,
  `"$util.escapeJavaScript($name.replaceAll("'", "?"))":"$util.escapeJavaScript($query.get($name).replaceAll("'", "?"))"`,
  `#if($foreach.hasNext),#end`,
  `#end`,
  `},`,
  `"headers":{`,
  `#foreach($name in $headers.keySet())`,
  `"$name.toLowerCase()":"$util.escapeJavaScript($headers.get($name).replaceAll("'", "?"))"`,
  `#if($foreach.hasNext),#end`,
  `#end`,
  `}}}`,
].join("");

/** Headers of the function's answer that reach the client; it names them in lower case. */
const answerHeaders = [
  "Location",
  "Content-Type",
  "Cache-Control",
  "Retry-After",
  "WWW-Authenticate",
  "X-Request-ID",
  "X-Content-Type-Options",
  "Access-Control-Allow-Origin",
  "Access-Control-Expose-Headers",
  "Vary",
];

/**
 * The function's `{statusCode, headers, body}` as an HTTP answer. An empty text is true in Velocity 1.7 and false in
 * later ones, so each header is compared with it.
 */
export const chunkAnswerTemplate = [
  `#set($answer = $input.path("$"))`,
  `#set($context.responseOverride.status = $answer.statusCode)`,
  ...answerHeaders.map((name) => {
    const value = `answer.headers.get('${name.toLowerCase()}')`;
    return `#if("$!${value}" != "")#set($context.responseOverride.header.${name} = $${value})#end`;
  }),
  `$!answer.body`,
].join("");

/** A function that failed or ran out of time answers `{errorMessage}`, which is nobody's business. */
export const chunkFailureTemplate = [
  `#set($context.responseOverride.header.Content-Type = "application/problem+json")`,
  `#set($context.responseOverride.header.X-Request-ID = $context.requestId)`,
  `{"type":"urn:wharf:problem:internal","title":"Something went wrong on our side","status":500,`,
  `"detail":"Send the chunk again; quote the request_id if it goes on.","code":"internal",`,
  `"request_id":"$context.requestId"}`,
].join("");

function chunkIntegration(handler: NodeFunction): LambdaIntegration {
  return new LambdaIntegration(handler, {
    proxy: false,
    scopePermissionToMethod: false,
    passthroughBehavior: PassthroughBehavior.NEVER,
    contentHandling: ContentHandling.CONVERT_TO_TEXT,
    requestTemplates: Object.fromEntries(contentTypes.map((type) => [type, chunkRequestTemplate])),
    integrationResponses: [
      {
        statusCode: "200",
        contentHandling: ContentHandling.CONVERT_TO_TEXT,
        responseTemplates: { "application/json": chunkAnswerTemplate },
      },
      {
        // Matched against `errorMessage`, which only a failed invocation has.
        selectionPattern: "(\\n|.)+",
        statusCode: "500",
        contentHandling: ContentHandling.CONVERT_TO_TEXT,
        responseTemplates: { "application/json": chunkFailureTemplate },
      },
    ],
  });
}

const chunkMethod: MethodOptions = { methodResponses: [{ statusCode: "200" }, { statusCode: "500" }] };
