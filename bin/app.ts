import { App } from "aws-cdk-lib";
import { stageConfig } from "#lib/config.ts";
import { DataStack } from "#lib/data-stack.ts";
import { addChecks } from "#lib/nag.ts";
import { ServiceStack } from "#lib/service-stack.ts";

const app = new App();
const config = stageConfig(app.node.tryGetContext("stage"));
const data = new DataStack(app, `wharf-${config.stage}-data`, config);
new ServiceStack(app, `wharf-${config.stage}-service`, config, data);
// The local cloud runs what deploys but need not judge it again at every start.
if (app.node.tryGetContext("checks") !== "off") addChecks(app);
