import { describe, expect, it } from "vitest";
import { stageConfig } from "#lib/config.ts";
import { operatorEnv } from "#lib/operator-env.ts";

describe("the stage", () => {
  it("is dev where nothing is said", () => {
    expect(stageConfig().stage).toBe("dev");
    expect(stageConfig("prod").stage).toBe("prod");
  });

  it.each(["staging", "Prod"])("refuses %j and says what there is", (name) => {
    expect(() => stageConfig(name)).toThrow(/use -c stage=dev or -c stage=prod|must be 1 to 20 of a-z/);
  });

  it.each(["", "a--b", "1st", "with_underscore", "x".repeat(21)])("can't be called %j", (name) => {
    expect(() => stageConfig(name, { like: "dev" })).toThrow(/must be 1 to 20 of a-z, 0-9/);
  });

  it("of a name of one's own begins with another's defaults", () => {
    expect(stageConfig("eu-staging", { like: "prod", throttle: { rate: 50 } })).toEqual({
      ...stageConfig("prod"),
      stage: "eu-staging",
      throttle: { rate: 50, burst: 2000 },
    });
  });

  it("has as many places as its waiters leave", () => {
    expect(stageConfig("prod", { waiters: 0 })).toEqual({
      ...stageConfig("prod"),
      waiters: 0,
      waitPlaces: 3,
      hashPlaces: 3,
    });
    expect(stageConfig("dev", { waiters: 7 })).toEqual({ ...stageConfig("dev"), waiters: 7, waitPlaces: 5 });
    expect(stageConfig("dev", { waiters: 7, waitPlaces: 6 })).toMatchObject({ waiters: 7, waitPlaces: 6 });
    expect(() => stageConfig("prod", { waitPlaces: 51 })).toThrow(/more than waiters 50/);
  });

  it.each([
    [1, 1],
    [2, 1],
    [5, 4],
    [50, 40],
  ])("leaves of %s waiters some environments to who doesn't wait", (waiters, places) => {
    expect(stageConfig("prod", { waiters }).waitPlaces).toBe(places);
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
