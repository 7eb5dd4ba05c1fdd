/** A CDK app of a team's own, as `examples/cdk` has one. */
import { readFileSync } from "node:fs";
import { App, type Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, it } from "vitest";
import { sources } from "#lib/bundle.ts";
import { addFileSharing } from "../../examples/cdk/file-sharing.ts";
import { resources, synth } from "./synth.ts";

const { context } = JSON.parse(readFileSync("cdk.json", "utf8"));
const example = JSON.parse(readFileSync("examples/cdk/cdk.json", "utf8"));

let stacks: { data: Stack; service: Stack };
let service: Template;
beforeAll(() => {
  // The app of the example bundles; `.ci/run` synthesizes it whole.
  const app = new App({ context: example.context, builtinCloudFormationValidation: false });
  stacks = addFileSharing(app, sources);
  service = Template.fromStack(stacks.service);
});

describe("an app of one's own", () => {
  it("is synthesized under the flags that the templates are tested with", () => {
    expect(example.context).toEqual(context);
  });

  it("names its stacks, account and region itself", () => {
    expect(
      Object.values(stacks).map(({ stackName, account, region }) => [stackName, account, region]),
    ).toEqual([
      ["media-files-data", "123456789012", "eu-west-1"],
      ["media-files-service", "123456789012", "eu-west-1"],
    ]);
    expect(stacks.data.terminationProtection).toBe(true);
  });

  it("makes what stage prod makes, and the domain", () => {
    const types = (template: Template) =>
      resources(template, "AWS::Lambda::Function").map(([, { Properties }]) => Properties.Description);
    expect(types(service)).toEqual(types(synth("prod").service));
    service.hasOutput("ApiUrl", { Value: "https://files.example.com" });
    service.resourceCountIs("AWS::ApiGateway::DomainName", 1);
  });

  it("tags everything with its own and with Wharf's tags", () => {
    for (const stack of Object.values(stacks))
      expect(stack.tags.tagValues()).toEqual({ app: "wharf", stage: "media", "cost-center": "media" });
  });
});
