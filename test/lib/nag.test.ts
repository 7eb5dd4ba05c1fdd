import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import { describe, expect, it } from "vitest";
import { createApp } from "./synth.ts";

describe.each(["dev", "prod"] as const)("cdk-nag on stage %s", (stage) => {
  it.each([
    ["AwsSolutions", AwsSolutionsChecks],
    ["Serverless", ServerlessChecks],
  ])("finds nothing that nobody acknowledged: %s", (_, Checks) => {
    const { app } = createApp(stage);
    app.synth();
    const { violations } = new Checks(app).validateScope(app);
    expect(violations).toEqual([]);
  });
});
