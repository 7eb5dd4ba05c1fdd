import type { TableDeps } from "#core/kernel/deps.ts";

/** Who may make organizations: whoever administers one with a token of `admin`, every member of one, or nobody. */
type OrgCreation = "admin" | "member" | "nobody";

export interface OrganizationDeps extends TableDeps {
  orgCreation: OrgCreation;
}
