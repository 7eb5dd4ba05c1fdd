import { describe, expect, it } from "vitest";
import { stageConfig } from "#lib/config.ts";

describe("the stage", () => {
  it("is dev where nothing is said", () => {
    expect(stageConfig().stage).toBe("dev");
    expect(stageConfig("prod").stage).toBe("prod");
  });

  it.each(["staging", "", "Prod", 1, null])("refuses %j and says what there is", (name) => {
    expect(() => stageConfig(name)).toThrow(/use -c stage=dev or -c stage=prod/);
  });

  it("takes the number of waiters from the context, which knows text alone", () => {
    expect(stageConfig("prod", "0")).toEqual({ ...stageConfig("prod"), waiters: 0 });
    expect(stageConfig("dev", "7").waiters).toBe(7);
  });

  it.each(["", "-1", "1.5", "many"])("refuses %j waiters", (waiters) => {
    expect(() => stageConfig("dev", waiters)).toThrow(/use -c waiters=0 or more/);
  });
});
