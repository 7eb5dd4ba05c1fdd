import { enforce } from "#core/access/enforce.ts";
import { policyOf } from "#core/access/organization-now.ts";
import { organizationNow } from "#core/access/standing.ts";
import type { Caller } from "#core/kernel/call.ts";
import type { TableDeps } from "#core/kernel/deps.ts";

/**
 * That an organization's policy lets its endpoints be at a URL's host. What is no URL is refused as that, elsewhere.
 *
 * @throws WharfError policy_denied
 */
export async function requireHostAllowed(
  deps: Pick<TableDeps, "table">,
  caller: Caller,
  organization: string,
  url: string,
): Promise<void> {
  const policy = policyOf(undefined, (await organizationNow(deps, caller, organization)).policy);
  const host = URL.parse(url)?.hostname;
  if (policy !== undefined && host !== undefined) enforce(policy, { action: "register_webhook", host });
}
