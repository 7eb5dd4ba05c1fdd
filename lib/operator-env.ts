import { readEnv } from "#lambdas/env.ts";
import type { OperatorConfig } from "./config.ts";
import type { FunctionEnv } from "./node-function.ts";

/** What the API's function is told of who runs it. @throws Error naming what is malformed, before anything is deployed. */
export function operatorEnv({ name, contact, securityContact, guides }: OperatorConfig = {}): FunctionEnv {
  const given = {
    OPERATOR_NAME: name,
    OPERATOR_CONTACT: contact,
    SECURITY_CONTACT: securityContact,
    GUIDES_URL: guides,
  };
  readEnv(["OPERATOR_NAME", "OPERATOR_CONTACT", "SECURITY_CONTACT", "GUIDES_URL"], given);
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
