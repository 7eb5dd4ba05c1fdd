import { describe, expect, it } from "vitest";
import { stageConfig } from "#lib/config.ts";
import { operatorEnv } from "#lib/operator-env.ts";

describe("the stage", () => {
  it("is dev where nothing is said", () => {
    expect(stageConfig().stage).toBe("dev");
    expect(stageConfig("prod").stage).toBe("prod");
  });

  it.each(["staging", "", "Prod", 1, null])("refuses %j and says what there is", (name) => {
    expect(() => stageConfig(name)).toThrow(/use -c stage=dev or -c stage=prod/);
  });

  it("takes the number of waiters from the context, which knows text alone", () => {
    expect(stageConfig("prod", "0")).toEqual({
      ...stageConfig("prod"),
      waiters: 0,
      waitPlaces: 3,
      hashPlaces: 3,
    });
    expect(stageConfig("dev", "7")).toEqual({ ...stageConfig("dev"), waiters: 7, waitPlaces: 5 });
  });

  it.each([
    ["1", 1],
    ["2", 1],
    ["5", 4],
    ["50", 40],
  ])("leaves of %s waiters some environments to who doesn't wait", (waiters, places) => {
    expect(stageConfig("prod", waiters).waitPlaces).toBe(places);
  });

  it.each(["", "-1", "1.5", "many"])("refuses %j waiters", (waiters) => {
    expect(() => stageConfig("dev", waiters)).toThrow(/use -c waiters=0 or more/);
  });
});

describe("the operator", () => {
  it("reaches the API's function as far as it is named", () => {
    expect(operatorEnv()).toEqual({});
    expect(operatorEnv({ name: "Acme", securityContact: "https://example.com/security" })).toEqual({
      OPERATOR_NAME: "Acme",
      SECURITY_CONTACT: "https://example.com/security",
    });
  });

  it.each(["share@example.com", "http://example.com", "javascript:alert(1)", ""])(
    "is never reached by %j, which stops the deployment",
    (contact) => {
      expect(() => operatorEnv({ contact })).toThrow(/OPERATOR_CONTACT/);
      expect(() => operatorEnv({ securityContact: contact })).toThrow(/SECURITY_CONTACT/);
    },
  );
});
