import { z } from "zod";
import { GATEWAY_RESPONSE_TYPES } from "../../apigateway/gateway-response.ts";
import {
  type Resource as ApiResource,
  createRestApi,
  type Integration,
  type RestApi,
} from "../../apigateway/model.ts";
import { inert, type Provisioners, parseProperties, type Resource, shortHash } from "../resource.ts";

const apiSchema = z
  .strictObject({
    Name: z.string(),
    BinaryMediaTypes: z.array(z.string()).default([]),
    // API Gateway: 0 … 10 MB.
    MinimumCompressionSize: z.int().min(0).max(10_485_760).optional(),
    EndpointConfiguration: inert,
    DisableExecuteApiEndpoint: z.literal(false).optional(),
    // Of the TLS connection, which plain HTTP on loopback has none of.
    SecurityPolicy: z
      .string()
      .regex(/^(TLS_1_[02]|SecurityPolicy_TLS\w+)$/)
      .default("TLS_1_0"),
    EndpointAccessMode: z.enum(["BASIC", "STRICT"]).optional(),
    Description: inert,
    Tags: inert,
  })
  // API Gateway's developer guide, "Endpoint access mode": enhanced policies need one.
  .refine(
    ({ SecurityPolicy, EndpointAccessMode }) =>
      EndpointAccessMode !== undefined || !SecurityPolicy.startsWith("SecurityPolicy_"),
    "a SecurityPolicy_* needs an EndpointAccessMode",
  );

const resourceSchema = z.strictObject({ RestApiId: z.string(), ParentId: z.string(), PathPart: z.string() });

const integrationResponse = z.strictObject({
  StatusCode: z.string(),
  SelectionPattern: z.string().optional(),
  ResponseParameters: z.record(z.string(), z.string()).default({}),
  ResponseTemplates: z.record(z.string(), z.string()).default({}),
  ContentHandling: z.enum(["CONVERT_TO_TEXT", "CONVERT_TO_BINARY"]).optional(),
});

const mapping = {
  IntegrationHttpMethod: z.string().optional(),
  PassthroughBehavior: z.enum(["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"]).default("WHEN_NO_MATCH"),
  RequestTemplates: z.record(z.string(), z.string()).default({}),
  IntegrationResponses: z.array(integrationResponse).default([]),
};
// API Gateway: 29 s unless the account's quota was raised.
const timeout = z.number().min(50).max(29_000).default(29_000);

const integrationSchema = z.discriminatedUnion("Type", [
  z.strictObject({
    Type: z.literal("AWS_PROXY"),
    IntegrationHttpMethod: z.literal("POST"),
    Uri: z.string(),
    TimeoutInMillis: timeout,
  }),
  z.strictObject({
    Type: z.literal("AWS"),
    Uri: z.string(),
    TimeoutInMillis: timeout,
    ContentHandling: z.enum(["CONVERT_TO_TEXT", "CONVERT_TO_BINARY"]).optional(),
    ...mapping,
  }),
  z.strictObject({ Type: z.literal("MOCK"), ...mapping }),
]);

const methodSchema = z.strictObject({
  RestApiId: z.string(),
  ResourceId: z.string(),
  HttpMethod: z.string(),
  AuthorizationType: z.literal("NONE").default("NONE"),
  ApiKeyRequired: z.literal(false).optional(),
  Integration: integrationSchema,
  RequestParameters: z.record(z.string(), z.boolean()).default({}),
  // What a method may answer; API Gateway holds integration responses to it at deployment.
  MethodResponses: inert,
  OperationName: inert,
});

const gatewayResponseSchema = z.strictObject({
  RestApiId: z.string(),
  ResponseType: z.string().refine((type) => GATEWAY_RESPONSE_TYPES.has(type), "not a gateway response type"),
  StatusCode: z.coerce.number().optional(),
  ResponseParameters: z.record(z.string(), z.string()).default({}),
  ResponseTemplates: z.record(z.string(), z.string()).optional(),
});

const stageSchema = z.strictObject({
  RestApiId: z.string(),
  StageName: z.string(),
  DeploymentId: z.string(),
  Variables: z.record(z.string(), z.string()).default({}),
  AccessLogSetting: inert,
  // Throttling guards an account's bill and neighbours; a laptop has neither.
  MethodSettings: inert,
  TracingEnabled: inert,
  Description: inert,
  Tags: inert,
});

/** REST APIs. Each is handed to `onApi` when it is made, and filled by the resources that follow. */
export function apiGatewayResources(onApi: (api: RestApi) => void): Provisioners {
  const apis = new Map<string, RestApi>();
  const resources = new Map<string, ApiResource>();

  function apiOf(id: string): RestApi {
    const api = apis.get(id);
    if (!api) throw new Error(`there is no REST API ${id}`);
    return api;
  }

  return {
    "AWS::ApiGateway::RestApi": (resource) => {
      const { Name, BinaryMediaTypes, MinimumCompressionSize } = parseProperties(apiSchema, resource);
      const api = createRestApi(shortHash(`${resource.stackName}/${resource.logicalId}`, 10), Name);
      api.binaryMediaTypes.push(...BinaryMediaTypes);
      if (MinimumCompressionSize !== undefined) api.minimumCompressionSize = MinimumCompressionSize;
      apis.set(api.id, api);
      resources.set(api.root.id, api.root);
      onApi(api);
      return { ref: api.id, attributes: { RootResourceId: api.root.id, RestApiId: api.id } };
    },
    "AWS::ApiGateway::Resource": (resource) => {
      const { ParentId, PathPart } = parseProperties(resourceSchema, resource);
      const parent = resources.get(ParentId);
      if (!parent) throw new Error(`${resource.logicalId}: there is no parent ${ParentId}`);
      const id = shortHash(`${ParentId}/${PathPart}`, 6);
      const path = `${parent.path === "/" ? "" : parent.path}/${PathPart}`;
      const child: ApiResource = { id, path, children: new Map(), methods: new Map() };
      parent.children.set(PathPart, child);
      resources.set(id, child);
      return { ref: id, attributes: { ResourceId: id } };
    },
    "AWS::ApiGateway::Method": (resource) => {
      const properties = parseProperties(methodSchema, resource);
      const target = resources.get(properties.ResourceId);
      if (!target) throw new Error(`${resource.logicalId}: there is no resource ${properties.ResourceId}`);
      const required = Object.entries(properties.RequestParameters).filter(([, needed]) => needed);
      target.methods.set(properties.HttpMethod, {
        httpMethod: properties.HttpMethod,
        integration: toIntegration(properties.Integration, resource),
        requiredParameters: required.map(([name]) => name),
      });
      return { ref: resource.logicalId };
    },
    "AWS::ApiGateway::GatewayResponse": (resource) => {
      const properties = parseProperties(gatewayResponseSchema, resource);
      apiOf(properties.RestApiId).gatewayResponses.set(properties.ResponseType, {
        statusCode: properties.StatusCode,
        parameters: properties.ResponseParameters,
        templates: properties.ResponseTemplates,
      });
      return { ref: resource.logicalId };
    },
    "AWS::ApiGateway::Deployment": (resource) => ({
      ref: shortHash(resource.logicalId, 6),
      attributes: { DeploymentId: shortHash(resource.logicalId, 6) },
    }),
    "AWS::ApiGateway::Stage": (resource) => {
      const { RestApiId, StageName, Variables } = parseProperties(stageSchema, resource);
      const api = apiOf(RestApiId);
      if (api.stage)
        throw new Error(
          `${resource.logicalId}: the local cloud serves one stage of an API, and it has ${api.stage.name}`,
        );
      api.stage = { name: StageName, variables: Variables };
      return { ref: StageName };
    },
  };
}

function toIntegration(properties: z.infer<typeof integrationSchema>, resource: Resource): Integration {
  if (properties.Type === "AWS_PROXY") {
    return {
      type: "AWS_PROXY",
      functionArn: invokedFunction(properties.Uri, resource),
      timeoutMs: properties.TimeoutInMillis,
    };
  }
  const common = {
    templates: properties.RequestTemplates,
    passthrough: properties.PassthroughBehavior,
    responses: properties.IntegrationResponses.map((response) => ({
      statusCode: response.StatusCode,
      // API Gateway matches the whole of the error message.
      selectionPattern:
        response.SelectionPattern === undefined
          ? undefined
          : new RegExp(`^(?:${response.SelectionPattern})$`),
      parameters: response.ResponseParameters,
      templates: response.ResponseTemplates,
      contentHandling: response.ContentHandling,
    })),
  };
  if (properties.Type === "MOCK") return { type: "MOCK", ...common };
  return {
    type: "AWS",
    functionArn: invokedFunction(properties.Uri, resource),
    timeoutMs: properties.TimeoutInMillis,
    contentHandling: properties.ContentHandling,
    ...common,
  };
}

function invokedFunction(uri: string, { logicalId }: Resource): string {
  const arn = /^arn:aws:apigateway:[^:]+:lambda:path\/2015-03-31\/functions\/(.+)\/invocations$/.exec(
    uri,
  )?.[1];
  if (arn === undefined)
    throw new Error(`${logicalId}: the local cloud integrates with functions only, not with ${uri}`);
  return arn;
}
