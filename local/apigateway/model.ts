/** A REST API as the template describes it. */

/** One entry of `IntegrationResponses`. */
export interface IntegrationResponse {
  statusCode: string;
  /** Matched against the function's error message; none: the default. */
  selectionPattern: RegExp | undefined;
  /** `method.response.header.X` → source expression or a quoted literal. */
  parameters: Record<string, string>;
  /** Content type → template. */
  templates: Record<string, string>;
  contentHandling: ContentHandling | undefined;
}

type ContentHandling = "CONVERT_TO_TEXT" | "CONVERT_TO_BINARY";

export type Integration =
  | { type: "AWS_PROXY"; functionArn: string; timeoutMs: number }
  | {
      type: "AWS";
      functionArn: string;
      timeoutMs: number;
      /** Content type → template. */
      templates: Record<string, string>;
      passthrough: "WHEN_NO_MATCH" | "WHEN_NO_TEMPLATES" | "NEVER";
      contentHandling: ContentHandling | undefined;
      responses: IntegrationResponse[];
    }
  | {
      type: "MOCK";
      templates: Record<string, string>;
      passthrough: "WHEN_NO_MATCH" | "WHEN_NO_TEMPLATES" | "NEVER";
      responses: IntegrationResponse[];
    };

export interface Method {
  /** `GET` … or `ANY`. */
  httpMethod: string;
  integration: Integration;
  /** `method.request.querystring.x` … that must be there. */
  requiredParameters: string[];
}

export interface Resource {
  id: string;
  /** `/v1/uploads/{id}` */
  path: string;
  children: Map<string, Resource>;
  methods: Map<string, Method>;
}

/** What a client is told when API Gateway itself answers. */
interface GatewayResponse {
  /** Status in place of the default. */
  statusCode: number | undefined;
  /** `gatewayresponse.header.X` → quoted literal or source expression. */
  parameters: Record<string, string>;
  /** Content type → template; none: the default message as JSON. */
  templates: Record<string, string> | undefined;
}

export interface RestApi {
  id: string;
  name: string;
  root: Resource;
  binaryMediaTypes: string[];
  /** Bytes from which answers are compressed. @default never */
  minimumCompressionSize?: number;
  gatewayResponses: Map<string, GatewayResponse>;
  stage: { name: string; variables: Record<string, string> } | undefined;
}

/** An API without resources but the root. */
export function createRestApi(id: string, name: string): RestApi {
  return {
    id,
    name,
    root: { id: `${id}-root`, path: "/", children: new Map(), methods: new Map() },
    binaryMediaTypes: [],
    gatewayResponses: new Map(),
    stage: undefined,
  };
}

/** `*`, `type/*` and exact media types, parameters aside. */
export function matchesMediaType(patterns: readonly string[], contentType: string | undefined): boolean {
  const type = contentType?.split(";", 1)[0]?.trim().toLowerCase() || "application/json";
  return patterns.some((pattern) => {
    const wanted = pattern.toLowerCase();
    return (
      wanted === "*/*" || wanted === type || (wanted.endsWith("/*") && type.startsWith(wanted.slice(0, -1)))
    );
  });
}
