// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
/** A small cloud assembly, made by hand: one API, functions with code given as text, and what a test adds. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Cloud, type CloudOptions, startCloud } from "../cloud.ts";

interface FixtureFunction {
  /** Source of `index.mjs`; exports `handler`. */
  code: string;
  /** Statements of its role. */
  policy?: object[];
  /** Further properties of the function. */
  properties?: object;
}

export interface Fixture {
  functions?: Record<string, FixtureFunction>;
  resources?: Record<string, object>;
  outputs?: Record<string, object>;
  conditions?: Record<string, object>;
  /** Paths of the API, e.g. `{"/v1/{proxy+}": {ANY: integration}}`. */
  paths?: Record<string, Record<string, object>>;
  /** Further properties of the API. */
  api?: object;
}

/** An AWS_PROXY integration with a fixture's function. */
export const proxyTo = (id: string) => ({ Type: "AWS_PROXY", IntegrationHttpMethod: "POST", Uri: uriOf(id) });

/** The URI by which API Gateway invokes a fixture's function. */
export const uriOf = (id: string) => ({
  "Fn::Sub": `arn:\${AWS::Partition}:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${${id}.Arn}/invocations`,
});

/** Starts a cloud in memory from a fixture; it ends with the test. */
export async function startFixture(fixture: Fixture, options: Partial<CloudOptions> = {}): Promise<Cloud> {
  const cloud = await startCloud({ assembly: writeAssembly(fixture), ...options });
  onTestFinished(cloud.stop);
  return cloud;
}

/** A directory that goes with the test. */
export function temporaryDirectory(): string {
  const dir = mkdtempSync(join(tmpdir(), "local-cloud-test-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Writes the assembly and returns its directory. */
export function writeAssembly({
  functions = {},
  resources = {},
  outputs = {},
  conditions = {},
  paths = {},
  api = {},
}: Fixture): string {
  const dir = temporaryDirectory();
  const template = {
    Conditions: conditions,
    Resources: { ...functionResources(functions), ...apiResources(paths, api), ...resources },
    Outputs: outputs,
  };
  const files: Record<string, object> = {};
  for (const [id, { code }] of Object.entries(functions)) {
    mkdirSync(join(dir, `asset.${id}`));
    writeFileSync(join(dir, `asset.${id}`, "index.mjs"), code);
    files[id] = {
      source: { path: `asset.${id}`, packaging: "zip" },
      destinations: { here: { objectKey: `${id}.zip` } },
    };
  }
  write(dir, "fixture.template.json", template);
  write(dir, "fixture.assets.json", { files });
  write(dir, "manifest.json", {
    artifacts: {
      assets: { type: "cdk:asset-manifest", properties: { file: "fixture.assets.json" } },
      fixture: { type: "aws:cloudformation:stack", properties: { templateFile: "fixture.template.json" } },
    },
  });
  return dir;
}

function functionResources(functions: Record<string, FixtureFunction>): Record<string, object> {
  const resources = Object.entries(functions).map(([id, { policy = [], properties = {} }]) => [
    [
      `${id}Role`,
      {
        Type: "AWS::IAM::Role",
        Properties: {
          AssumeRolePolicyDocument: {
            Version: "2012-10-17",
            Statement: [
              { Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "lambda.amazonaws.com" } },
            ],
          },
          Policies:
            policy.length === 0
              ? []
              : [{ PolicyName: "own", PolicyDocument: { Version: "2012-10-17", Statement: policy } }],
        },
      },
    ],
    [
      id,
      {
        Type: "AWS::Lambda::Function",
        Properties: {
          Handler: "index.handler",
          Runtime: "nodejs24.x",
          Role: { "Fn::GetAtt": [`${id}Role`, "Arn"] },
          Code: { S3Bucket: "assets", S3Key: `${id}.zip` },
          ...properties,
        },
      },
    ],
    [
      `${id}Permission`,
      {
        Type: "AWS::Lambda::Permission",
        Properties: {
          Action: "lambda:InvokeFunction",
          FunctionName: { Ref: id },
          Principal: "apigateway.amazonaws.com",
          SourceArn: { "Fn::Sub": "arn:aws:execute-api:us-east-1:000000000000:${Api}/*/*/*" },
        },
      },
    ],
  ]);
  return Object.fromEntries(resources.flat());
}

function apiResources(
  paths: Record<string, Record<string, object>>,
  properties: object,
): Record<string, object> {
  const resources: Record<string, object> = {
    Api: {
      Type: "AWS::ApiGateway::RestApi",
      Properties: { Name: "api", BinaryMediaTypes: ["image/png"], ...properties },
    },
    Stage: {
      Type: "AWS::ApiGateway::Stage",
      Properties: {
        RestApiId: { Ref: "Api" },
        StageName: "prod",
        DeploymentId: "x",
        Variables: { color: "red" },
      },
    },
  };
  for (const [path, methods] of Object.entries(paths)) {
    let parent: object = { "Fn::GetAtt": ["Api", "RootResourceId"] };
    let id = "Path";
    for (const part of path.split("/").filter(Boolean)) {
      id += part.replace(/\W/g, "x");
      resources[id] = {
        Type: "AWS::ApiGateway::Resource",
        Properties: { RestApiId: { Ref: "Api" }, ParentId: parent, PathPart: part },
      };
      parent = { Ref: id };
    }
    for (const [HttpMethod, Integration] of Object.entries(methods)) {
      resources[`${id}${HttpMethod}`] = {
        Type: "AWS::ApiGateway::Method",
        Properties: {
          RestApiId: { Ref: "Api" },
          ResourceId: parent,
          HttpMethod,
          AuthorizationType: "NONE",
          Integration,
        },
      };
    }
  }
  return resources;
}

function write(dir: string, name: string, value: object): void {
  writeFileSync(join(dir, name), JSON.stringify(value));
}
