import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { bundleFunctions } from "#lib/bundle.ts";
import { DataStack } from "#lib/data-stack.ts";
import { addChecks } from "#lib/nag.ts";
import { readSettings } from "#lib/read-settings.ts";
import { ServiceStack } from "#lib/service-stack.ts";
import { SettingsError } from "#lib/setting-faults.ts";

const bundles = mkdtempSync(join(tmpdir(), "wharf-bundles-"));
try {
  const app = new App({ context: { bundles } });
  // Before anything that takes its time.
  const { config } = readSettings(app.node.getAllContext(), process.cwd());
  await bundleFunctions(bundles);
  // `cdk --no-validation`, also CDK's own switch: checks take longer than all the rest, at each local start.
  if (process.env["CDK_VALIDATION"] !== "false") addChecks(app);
  const data = new DataStack(app, `wharf-${config.stage}-data`, { config });
  new ServiceStack(app, `wharf-${config.stage}-service`, { config, data });
  app.synth();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(bundles, { recursive: true });
}
