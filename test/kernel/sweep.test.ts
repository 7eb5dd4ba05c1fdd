import { afterEach, expect, test, vi } from "vitest";
import { METRIC_DIMENSION, METRIC_NAMESPACE } from "#aws/metrics.ts";
import { runParts } from "#core/kernel/sweep.ts";

const deps = { table: { name: "wharf-table" }, now: () => 1_767_225_600_000 };
const fail = async () => {
  throw new Error("S3 is away");
};

function capture(): () => Record<string, unknown>[] {
  const written: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((line) => {
    written.push(String(line));
    return true;
  });
  return () => written.map((line) => JSON.parse(line));
}
afterEach(() => vi.restoreAllMocks());

test("a part that fails stops no other and is counted in embedded metric format", async () => {
  const lines = capture();
  const result = await runParts(deps, { links: async () => 3, uploads: fail, versions: fail });
  expect(result).toEqual({ counts: { links: 3 }, failed: ["uploads", "versions"] });
  // CloudWatch: `_aws` at the root, and each metric and dimension as a member beside it.
  expect(lines().find((line) => "_aws" in line)).toEqual({
    level: "info",
    _aws: {
      Timestamp: 1_767_225_600_000,
      CloudWatchMetrics: [
        {
          Namespace: METRIC_NAMESPACE,
          Dimensions: [[METRIC_DIMENSION]],
          Metrics: [{ Name: "FailedSweeps", Unit: "Count" }],
        },
      ],
    },
    [METRIC_DIMENSION]: "wharf-table",
    FailedSweeps: 2,
  });
});

test("a sweep without a failure counts none", async () => {
  const lines = capture();
  await runParts(deps, { links: async () => 0 });
  expect(lines()).toEqual([]);
});
