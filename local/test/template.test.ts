// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
import { expect, test } from "vitest";
import { startCloud } from "../cloud.ts";
import { startFixture, writeAssembly } from "./fixture.ts";

const start = (fixture: Parameters<typeof writeAssembly>[0]) =>
  startCloud({ assembly: writeAssembly(fixture) });

test.each<[string, Parameters<typeof writeAssembly>[0], RegExp]>([
  [
    "a resource type that isn't known",
    { resources: { Topic: { Type: "AWS::SNS::Topic" } } },
    /doesn't know the resource type AWS::SNS::Topic \(of Topic\)/,
  ],
  [
    "a property that isn't known",
    { resources: { Queue: { Type: "AWS::SQS::Queue", Properties: { ContentBasedDeduplication: true } } } },
    /AWS::SQS::Queue Queue .*ContentBasedDeduplication/s,
  ],
  [
    "an integration that isn't known",
    { paths: { "/a": { GET: { Type: "HTTP_PROXY", Uri: "https://example.com" } } } },
    /AWS::ApiGateway::Method PathaGET/,
  ],
  [
    "a TLS policy without the mode that it needs",
    {
      resources: {
        Second: {
          Type: "AWS::ApiGateway::RestApi",
          Properties: { Name: "second", SecurityPolicy: "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09" },
        },
      },
    },
    /SecurityPolicy_\* needs an EndpointAccessMode/,
  ],
  [
    "a method that asks for signatures",
    {
      resources: {
        Method: {
          Type: "AWS::ApiGateway::Method",
          Properties: {
            RestApiId: { Ref: "Api" },
            ResourceId: { "Fn::GetAtt": ["Api", "RootResourceId"] },
            HttpMethod: "GET",
            AuthorizationType: "AWS_IAM",
            Integration: { Type: "MOCK" },
          },
        },
      },
    },
    /AuthorizationType/,
  ],
  [
    "a function whose role Lambda can't assume",
    { functions: { Fn: { code: "", properties: { Role: "arn:aws:iam::000000000000:role/other" } } } },
    /Fn: the role arn:aws:iam::000000000000:role\/other cannot be assumed by Lambda/,
  ],
  [
    "a mapping whose role may not read its queue",
    {
      functions: { Fn: { code: "" } },
      resources: {
        Queue: { Type: "AWS::SQS::Queue" },
        Mapping: {
          Type: "AWS::Lambda::EventSourceMapping",
          Properties: { FunctionName: { Ref: "Fn" }, EventSourceArn: { "Fn::GetAtt": ["Queue", "Arn"] } },
        },
      },
    },
    /assumed-role\/fixture-FnRole.* is not authorized to perform: sqs:ReceiveMessage/,
  ],
  [
    "more variables than a function can have",
    { functions: { Fn: { code: "", properties: { Environment: { Variables: { A: "x".repeat(4_090) } } } } } },
    /Fn isn't understood.*more than Lambda's 4096 bytes/s,
  ],
  [
    "a large batch that nothing gathers",
    {
      functions: { Fn: { code: "" } },
      resources: {
        Queue: { Type: "AWS::SQS::Queue" },
        Mapping: {
          Type: "AWS::Lambda::EventSourceMapping",
          Properties: {
            FunctionName: { Ref: "Fn" },
            EventSourceArn: { "Fn::GetAtt": ["Queue", "Arn"] },
            BatchSize: 11,
          },
        },
      },
    },
    /Mapping isn't understood.*MaximumBatchingWindowInSeconds/s,
  ],
])("the start stops at %s", async (_, fixture, message) => {
  await expect(start(fixture)).rejects.toThrow(message);
});

test("conditions leave resources out, and outputs name the ones that are there", async () => {
  const cloud = await startFixture({
    conditions: { Never: { "Fn::Equals": ["a", "b"] } },
    resources: {
      Kept: { Type: "AWS::SQS::Queue" },
      Left: { Type: "AWS::SQS::Queue", Condition: "Never" },
    },
    outputs: {
      Kept: { Value: { "Fn::GetAtt": ["Kept", "QueueName"] } },
      Left: { Value: { Ref: "Left" }, Condition: "Never" },
      Url: { Value: { Ref: "Kept" } },
      Api: { Value: { "Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/prod/x" } },
    },
  });
  expect(cloud.outputs).toEqual({
    Kept: expect.stringMatching(/^fixture-Kept-\w{8}$/),
    Url: `${cloud.awsUrl}/000000000000/${cloud.outputs["Kept"]}`,
    Api: `${cloud.apiUrl}/x`,
  });
});
