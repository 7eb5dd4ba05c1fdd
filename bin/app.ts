import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { bundleFunctions } from "#lib/bundle.ts";
import { stageConfig } from "#lib/config.ts";
import { DataStack } from "#lib/data-stack.ts";
import { addChecks } from "#lib/nag.ts";
import { ServiceStack } from "#lib/service-stack.ts";

const bundles = mkdtempSync(join(tmpdir(), "wharf-bundles-"));
try {
  await bundleFunctions(bundles);
  const app = new App({ context: { bundles } });
  // `cdk --no-validation`, also CDK's own switch: checks take longer than all the rest, at each local start.
  if (process.env["CDK_VALIDATION"] !== "false") addChecks(app);
  const config = stageConfig(app.node.tryGetContext("stage"), app.node.tryGetContext("waiters"));
  const data = new DataStack(app, `wharf-${config.stage}-data`, config);
  new ServiceStack(app, `wharf-${config.stage}-service`, config, data);
  app.synth();
} finally {
  rmSync(bundles, { recursive: true });
}
