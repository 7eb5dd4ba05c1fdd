// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
import { describe, expect, test } from "vitest";
import { createResolver } from "../template/intrinsics.ts";
import { creationOrder } from "../template/order.ts";
import type { Template } from "../template/stacks.ts";

const template: Template = {
  Parameters: { Size: { Type: "Number", Default: 3 }, Names: { Type: "CommaDelimitedList", Default: "a,b" } },
  Mappings: { Sizes: { small: { memory: 128 } } },
  Conditions: {
    IsThree: { "Fn::Equals": [{ Ref: "Size" }, "3"] },
    IsFour: { "Fn::Equals": [{ Ref: "Size" }, "4"] },
    Both: { "Fn::And": [{ Condition: "IsThree" }, { "Fn::Not": [{ Condition: "IsFour" }] }] },
    Either: { "Fn::Or": [{ Condition: "IsFour" }, { Condition: "IsThree" }] },
  },
  Resources: { Queue: { Type: "AWS::SQS::Queue", Properties: {} } },
  Outputs: {},
};

const resolver = createResolver({
  stackName: "stack",
  template,
  resources: new Map([["Queue", { ref: "https://queue", attributes: { Arn: "arn:queue" } }]]),
  exports: new Map([["other:Table", "table"]]),
});

describe("intrinsic functions", { tags: ["cloudformation.template"] }, () => {
  test.each<[string, unknown, unknown]>([
    ["Ref of a resource", { Ref: "Queue" }, "https://queue"],
    ["Ref of a parameter", { Ref: "Size" }, 3],
    ["Ref of a list", { Ref: "Names" }, ["a", "b"]],
    ["pseudo parameters", { Ref: "AWS::StackName" }, "stack"],
    ["GetAtt", { "Fn::GetAtt": ["Queue", "Arn"] }, "arn:queue"],
    ["GetAtt as text", { "Fn::GetAtt": "Queue.Arn" }, "arn:queue"],
    [
      "Sub",
      { "Fn::Sub": "${Queue.Arn} ${Queue} ${AWS::Region} ${!Literal}" },
      "arn:queue https://queue us-east-1 ${Literal}",
    ],
    ["Sub with own names", { "Fn::Sub": ["${a}-${Size}", { a: { Ref: "AWS::Partition" } }] }, "aws-3"],
    ["Join", { "Fn::Join": ["/", ["a", { Ref: "Size" }]] }, "a/3"],
    [
      "Select of Split",
      { "Fn::Select": [1, { "Fn::Split": [":", { "Fn::GetAtt": ["Queue", "Arn"] }] }] },
      "queue",
    ],
    ["FindInMap", { "Fn::FindInMap": ["Sizes", "small", "memory"] }, 128],
    ["ImportValue", { "Fn::ImportValue": "other:Table" }, "table"],
    ["Base64", { "Fn::Base64": "hi" }, "aGk="],
    ["If", { "Fn::If": ["Both", "yes", "no"] }, "yes"],
    ["If not", { "Fn::If": ["IsFour", "yes", "no"] }, "no"],
    ["Or", { "Fn::If": ["Either", "yes", "no"] }, "yes"],
    ["NoValue in a map", { a: 1, b: { Ref: "AWS::NoValue" } }, { a: 1 }],
    ["NoValue in a list", [1, { "Fn::If": ["IsFour", 2, { Ref: "AWS::NoValue" }] }], [1]],
    [
      "a policy's Condition is no function",
      { Condition: { Bool: { a: "b" } } },
      { Condition: { Bool: { a: "b" } } },
    ],
  ])("%s", (_, value, expected) => {
    expect(resolver.resolve(value)).toEqual(expected);
  });

  test.each<[string, unknown, RegExp]>([
    ["an unknown resource", { Ref: "Nobody" }, /stack: Nobody is referred to/],
    [
      "an unknown attribute",
      { "Fn::GetAtt": ["Queue", "Colour"] },
      /no attribute Colour of Queue \(AWS::SQS::Queue\)/,
    ],
    ["an unknown export", { "Fn::ImportValue": "x" }, /no stack exports x/],
    ["an unknown function", { "Fn::Transform": {} }, /Fn::Transform is not known/],
  ])("%s is refused", (_, value, message) => {
    expect(() => resolver.resolve(value)).toThrow(message);
  });
});

describe("creation order", () => {
  const resource = (Properties: Record<string, unknown>, DependsOn?: string[]) => ({
    Type: "T",
    Properties,
    ...(DependsOn && { DependsOn }),
  });

  test("puts what is referred to first", () => {
    const order = creationOrder({
      ...template,
      Resources: {
        A: resource({ x: { "Fn::Sub": "${B.Arn}" } }),
        B: resource({ x: [{ Ref: "C" }] }, ["D"]),
        C: resource({ x: { "Fn::Join": ["", [{ "Fn::GetAtt": ["E", "Arn"] }]] } }),
        D: resource({}),
        E: resource({}),
      },
    });
    expect(order).toEqual(["E", "C", "D", "B", "A"]);
  });

  test("refuses a cycle by its path", () => {
    const Resources = { A: resource({ x: { Ref: "B" } }), B: resource({ x: { Ref: "A" } }) };
    expect(() => creationOrder({ ...template, Resources })).toThrow("A → B → A");
  });
});
