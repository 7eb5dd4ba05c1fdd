import { App } from "aws-cdk-lib";
import { runCost } from "#cost/run.ts";
import { sources } from "#lib/bundle.ts";
import { stageConfig } from "#lib/config.ts";
import { DataStack } from "#lib/data-stack.ts";
import { ServiceStack } from "#lib/service-stack.ts";

const { text, code } = runCost(process.argv.slice(2), (stage) => {
  // What functions are made of costs nothing: their sources stand for their bundles.
  const app = new App({ context: { bundles: sources } });
  const config = stageConfig(stage);
  const data = new DataStack(app, `wharf-${stage}-data`, { config });
  new ServiceStack(app, `wharf-${stage}-service`, { config, data });
  return app.synth().stacks.map(({ template }) => template);
});
(code === 0 ? console.log : console.error)(text);
process.exitCode = code;
