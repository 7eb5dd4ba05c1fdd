import { readsBody, render } from "@wharf/local-cloud/apigateway/velocity.ts";
import type { Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, it } from "vitest";
import { chunkRequest, isChunkEvent } from "#http/proxy.ts";
import { chunkAnswerTemplate, chunkFailureTemplate, chunkRequestTemplate } from "#lib/chunk-method.ts";
import { aPart, vectors } from "#test/truth/velocity/vectors.ts";
import { type Resource, resources, synth } from "./synth.ts";

let template: Template;
let methods: [string, Resource][];
beforeAll(() => {
  template = synth().service;
  methods = resources(template, "AWS::ApiGateway::Method");
});

/** `METHOD /path` → the function that answers it. */
function routes(): Record<string, string> {
  const all = new Map(resources(template, "AWS::ApiGateway::Resource"));
  const path = (id: string | undefined): string => {
    const resource = id === undefined ? undefined : all.get(id)?.Properties;
    return resource === undefined ? "" : `${path(resource.ParentId.Ref)}/${resource.PathPart}`;
  };
  return Object.fromEntries(
    methods.map(([, { Properties }]) => {
      const [handler] = JSON.stringify(Properties.Integration.Uri).match(/(Api|Wait|Events)Function/) ?? [
        "?",
      ];
      return [`${Properties.HttpMethod} ${path(Properties.ResourceId.Ref) || "/"}`, handler];
    }),
  );
}

describe("routes", () => {
  it("send waiters to their own functions and everything else to the API's", () => {
    const { "POST /v1/files/{id}/lock/wait": lock, "GET /v1/events": events, ...others } = routes();
    expect([lock, events]).toEqual(["WaitFunction", "EventsFunction"]);
    expect(new Set(Object.values(others))).toEqual(new Set(["ApiFunction"]));
  });

  it("leave no resource without the methods that it doesn't name", () => {
    expect(Object.keys(routes())).toEqual(
      expect.arrayContaining([
        "ANY /",
        "ANY /{proxy+}",
        "ANY /v1/{proxy+}",
        "ANY /v1/uploads",
        "ANY /v1/uploads/{id}",
        "ANY /v1/uploads/{id}/{proxy+}",
        "ANY /v1/uploads/{id}/chunks",
        "ANY /v1/files/{id}/{proxy+}",
        "ANY /v1/files/{id}/lock",
        "ANY /v1/files/{id}/lock/wait",
        "ANY /v1/files/{id}/lock/{proxy+}",
        "ANY /v1/events",
      ]),
    );
  });
});

describe("connections", () => {
  it("need TLS 1.2 and forward secrecy, and the access log says what each had", () => {
    template.hasResourceProperties("AWS::ApiGateway::RestApi", {
      SecurityPolicy: "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
      EndpointAccessMode: "BASIC",
    });
    const [[, stage] = []] = resources(template, "AWS::ApiGateway::Stage");
    expect(JSON.parse(stage?.Properties.AccessLogSetting.Format)).toMatchObject({
      tls: "$context.tlsVersion",
      cipher: "$context.cipherSuite",
    });
  });
});

describe("the chunk route", () => {
  it("drops bodies of every type that it takes and refuses the others", () => {
    const put = methods.find(([, { Properties }]) => Properties.HttpMethod === "PUT")?.[1].Properties;
    expect(put.Integration).toMatchObject({
      Type: "AWS",
      PassthroughBehavior: "NEVER",
      ContentHandling: "CONVERT_TO_TEXT",
    });
    expect(Object.keys(put.Integration.RequestTemplates)).toEqual(
      expect.arrayContaining(["application/octet-stream", "application/json"]),
    );
    for (const text of Object.values<string>(put.Integration.RequestTemplates))
      expect(readsBody(text)).toBe(false);
  });

  const templates = {
    event: chunkRequestTemplate,
    answer: chunkAnswerTemplate,
    failure: chunkFailureTemplate,
  };

  // What has passed here is what `npm run test:truth -- velocity` holds against Velocity itself.
  it.each(vectors)("$name", ({ mapping, scope, made, overrides }) => {
    const rendered = render(templates[mapping], scope);
    expect("json" in made ? { json: JSON.parse(rendered.text) } : { text: rendered.text }).toEqual(made);
    expect(rendered.overrides).toEqual(overrides);
    expect(mapping === "failure" && rendered.text.includes("secret")).toBe(false);
  });

  it("gives the function an event that it knows", () => {
    const made = JSON.parse(render(chunkRequestTemplate, aPart.scope).text);
    if (!isChunkEvent(made)) throw new Error("the function does not know its own event");
    expect(chunkRequest(made).url).toBe("http://api.invalid/v1/uploads/upl_1/chunks?part=3&colour=red");
  });
});

describe("API Gateway's own answers", () => {
  it("are problems with a request id", () => {
    const answers = resources(template, "AWS::ApiGateway::GatewayResponse").map(
      ([, { Properties }]) => Properties,
    );
    expect(answers.map(({ ResponseType }) => ResponseType)).toEqual(
      expect.arrayContaining(["DEFAULT_4XX", "DEFAULT_5XX", "REQUEST_TOO_LARGE", "THROTTLED"]),
    );
    // A function whose environments are all taken: the caller should try again, and nothing is broken.
    const busy = answers.find(({ ResponseType }) => ResponseType === "API_CONFIGURATION_ERROR");
    expect(busy).toMatchObject({
      StatusCode: "503",
      ResponseParameters: { "gatewayresponse.header.Retry-After": "'1'" },
    });
    for (const { StatusCode, ResponseParameters, ResponseTemplates } of answers) {
      expect(ResponseParameters).toMatchObject({
        "gatewayresponse.header.Content-Type": "'application/problem+json'",
        "gatewayresponse.header.X-Request-ID": "context.requestId",
        "gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
        "gatewayresponse.header.Access-Control-Expose-Headers": expect.stringContaining("Retry-After"),
      });
      const problem = JSON.parse(ResponseTemplates["application/json"]);
      expect(problem).toMatchObject({ status: Number(StatusCode), request_id: "$context.requestId" });
      expect(problem.code).toMatch(/^[a-z_]+$/);
      // Who may come again is told when.
      const wait = /^'(\d+)'$/.exec(ResponseParameters["gatewayresponse.header.Retry-After"] ?? "")?.[1];
      const isLater = ["429", "503", "504"].includes(StatusCode);
      expect([StatusCode, wait !== undefined]).toEqual([StatusCode, isLater]);
      if (isLater) expect(problem.retry_after_seconds).toBe(Number(wait));
    }
  });
});

describe("a domain of your own", () => {
  const domain = {
    name: "files.example.com",
    certificateArn: "arn:aws:acm:eu-west-1:123456789012:certificate/1",
  };

  it("leads to the API as a whole, with its TLS, and stands in links", () => {
    const { service } = synth("dev", { domain });
    service.hasResourceProperties("AWS::ApiGateway::DomainName", {
      DomainName: domain.name,
      RegionalCertificateArn: domain.certificateArn,
      EndpointConfiguration: { Types: ["REGIONAL"] },
      SecurityPolicy: "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
      EndpointAccessMode: "BASIC",
    });
    const [[, mapping] = []] = resources(service, "AWS::ApiGateway::BasePathMapping");
    expect(mapping?.Properties.BasePath).toBeUndefined();
    expect(mapping?.Properties.Stage).toEqual({ Ref: expect.stringContaining("Stageprod") });
    const { ApiUrl, DomainTarget } = service.toJSON()["Outputs"];
    expect([ApiUrl.Value, DomainTarget.Value]).toEqual([
      "https://files.example.com",
      { "Fn::GetAtt": [expect.stringMatching(/^Domain/), "RegionalDomainName"] },
    ]);
  });

  it("isn't what links have where something else stands before it", () => {
    const { service } = synth("dev", { domain, publicUrl: "https://cdn.example.com" });
    service.hasOutput("ApiUrl", { Value: "https://cdn.example.com" });
  });
});

describe("the stage", () => {
  const stage = () => resources(template, "AWS::ApiGateway::Stage")[0]?.[1].Properties;

  it("is prod, throttled, and never traces data", () => {
    expect(stage().StageName).toBe("prod");
    expect(stage().MethodSettings).toEqual([
      expect.objectContaining({
        HttpMethod: "*",
        ResourcePath: "/*",
        DataTraceEnabled: false,
        LoggingLevel: "OFF",
        ThrottlingRateLimit: 200,
        ThrottlingBurstLimit: 400,
      }),
      // A request of these holds up to 100.
      ...["uploads~1batch", "uploads~1finalize", "files~1batch"].map((path) =>
        expect.objectContaining({
          HttpMethod: "POST",
          ResourcePath: `/~1v1~1${path}`,
          DataTraceEnabled: false,
          LoggingLevel: "OFF",
          ThrottlingRateLimit: 2,
          ThrottlingBurstLimit: 4,
        }),
      ),
    ]);
  });

  it("logs JSON without the path, which may be a link's secret", () => {
    const format = JSON.parse(stage().AccessLogSetting.Format);
    expect(Object.values(format)).toContain("$context.resourcePath");
    expect(Object.values(format)).not.toContain("$context.path");
  });
});
