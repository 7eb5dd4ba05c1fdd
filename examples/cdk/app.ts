/**
 * `npx cdk synth` in a project that has `wharf`, `aws-cdk-lib`, `constructs`, `aws-cdk` and `tsx` installed, with
 * these files and `cdk.json` beside its `package.json`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { bundleFunctions } from "wharf/lib/bundle.ts";
import { addFileSharing } from "./file-sharing.ts";

const bundles = mkdtempSync(join(tmpdir(), "wharf-bundles-"));
try {
  await bundleFunctions(bundles);
  const app = new App();
  addFileSharing(app, bundles);
  app.synth();
} finally {
  // The assembly has its own copy.
  rmSync(bundles, { recursive: true });
}
