import "vitest";
import type { BehaviourId } from "./behaviours.ts";

declare module "vitest" {
  interface TestTags {
    /** What of AWS a test of the local cloud shows; docs/local-cloud.md lists the files. */
    tags: BehaviourId;
  }
}
