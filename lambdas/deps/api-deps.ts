import type { Deps } from "#core/kernel/deps.ts";
import type { OrganizationDeps } from "#core/organizations/deps.ts";
import type { WorkerDeps } from "#core/turns/deps.ts";
import type { AppDeps } from "#http/deps.ts";
import type { Operator } from "#pages/operator.ts";
import { readEnv } from "../env.ts";
import { appDeps } from "./app-deps.ts";
import { fileDeps } from "./file-deps.ts";
import { workerDeps } from "./worker-deps.ts";

/** What the API's routes need. */
export type ApiDeps = AppDeps & Deps & WorkerDeps & OrganizationDeps & { operator: Operator };

/** The same from the function's environment; built once per cold start. */
export function apiDeps(): ApiDeps {
  const env = readEnv([
    "ORG_CREATION",
    "OPERATOR_NAME",
    "OPERATOR_CONTACT",
    "SECURITY_CONTACT",
    "GUIDES_URL",
  ]);
  return {
    ...appDeps(),
    ...fileDeps(),
    ...workerDeps(),
    orgCreation: env.ORG_CREATION,
    operator: {
      name: env.OPERATOR_NAME,
      contact: env.OPERATOR_CONTACT,
      securityContact: env.SECURITY_CONTACT,
      guides: env.GUIDES_URL,
    },
  };
}
