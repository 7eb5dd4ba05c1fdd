import { mayInOrganization } from "#core/access/authorize-organization.ts";
import { authenticate } from "#core/accounts/authenticate.ts";
import type { TableDeps } from "#core/kernel/deps.ts";

/**
 * Whether whoever opens a link is a member of an organization, and no guest, by the token that it shows: a link needs none
 * unless a policy asks for one.
 *
 * @throws WharfError unauthenticated for a token that is none.
 */
export const memberByToken =
  (deps: TableDeps, authorization: string | undefined) =>
  async (organization: string): Promise<boolean> => {
    if (authorization === undefined) return false;
    const { caller } = await authenticate(deps, authorization);
    return mayInOrganization(deps, caller, organization, "list_members");
  };
