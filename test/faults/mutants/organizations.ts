/** Conditions of writes to organizations, members and groups. */
import type { Mutant } from "./mutant.ts";

const members = "test/organizations/members.test.ts";
const groups = "test/organizations/groups.test.ts";

export const organizations: readonly Mutant[] = [
  {
    name: "the first organization's first owner is one",
    changes: [
      {
        file: "lambdas/core/accounts/create-client.ts",
        from: '    condition: "#owners = :none",\n    values: { none: 0 },',
        to: '    condition: "attribute_exists(#pk)",',
      },
    ],
    case: "client: the first, with its organization | create-client: transact ORG+WSNAME+WORKSPACES+ORG.WS+ORG.WSNAME+NODE+GRANTS.SAME+GRANT+GRANTS+CLIENT+CLIENTS+ORG.CLIENT+ORG.MEMBER+EVT (1) | frozen before it, meanwhile: another is the first",
  },
  {
    name: "the last owner stays one",
    changes: [
      {
        file: "lambdas/core/access/organization-writes.ts",
        from: "`#owners > :one AND ${condition}`",
        to: "`(#owners > :one OR #owners <= :one) AND ${condition}`",
      },
    ],
    case: "member: an owner no longer | change-member: transact ORG.MEMBER+PERSON+ORG+EVT (1) | frozen before it, meanwhile: the other owner steps back",
    red: { file: members, titles: ["neither leaves nor becomes less", "one of them stays"] },
  },
  {
    name: "a name that comes late takes back no later one",
    changes: [
      {
        file: "lambdas/core/kernel/rename.ts",
        from: "...unchanged(seen) }",
        to: 'condition: "attribute_exists(#pk)" }',
      },
    ],
    case: "organization: renamed | rename: transact ORG (1) | a copy late, at: 12 minutes later",
  },
  {
    name: "who has left a group is brought back by no late copy",
    changes: [
      {
        file: "lambdas/core/groups/add-group-member.ts",
        from: '        condition: seen?.condition ?? "attribute_not_exists(#pk)",\n        values: seen?.values ?? {},',
        to: '        blind: "mutant",',
      },
    ],
    why: "the event keeps out a copy of the call that has happened, but not of one that was lost and sent again",
    red: { file: groups, titles: ["no late copy of a call that was sent again"] },
  },
  {
    name: "who comes into a group is of its organization",
    changes: [
      {
        file: "lambdas/core/groups/add-group-member.ts",
        from: " AND attribute_exists(#organizations.#${organization_id})",
        to: "",
      },
    ],
    why: "it goes again in what follows",
    red: { file: groups, titles: ["removed from the organization meanwhile comes into no group"] },
  },
  {
    name: "nobody comes into a group that is no more",
    changes: [
      {
        file: "lambdas/core/groups/add-group-member.ts",
        from: "attribute_exists(#pk) AND attribute_not_exists(#disabled_at)",
        to: "attribute_exists(#pk)",
      },
    ],
    case: "group: somebody comes in | add-group-member: transact GROUP.MEMBER+PERSON+GROUP+EVT (1) | frozen before it, meanwhile: the group is deleted",
    red: { file: groups, titles: ["deleted while somebody comes in has nobody"] },
  },
  {
    name: "who leaves has lost what was granted in that moment",
    changes: [
      {
        file: "lambdas/core/organizations/remove-member.ts",
        from: ", ...same].join",
        to: "].join",
      },
      { file: "lambdas/core/organizations/remove-member.ts", from: ", ...seen }", to: " }" },
    ],
    why: "grants are given in situations of their own",
    red: { file: members, titles: ["what is granted in the same moment goes too"] },
  },
  {
    name: "who has left is granted nothing by a call that began before",
    changes: [
      {
        file: "lambdas/core/access/grant-writes.ts",
        from: "isGroup(grant) ? LIVES : `${LIVES} AND attribute_exists(#organizations.#${grant.organization_id})`",
        to: "(isGroup(grant), LIVES)",
      },
    ],
    why: "grants are given in situations of their own",
    red: { file: members, titles: ["is granted nothing by a call that began before"] },
  },
  {
    name: "what is closed is called what its owner said",
    changes: [
      {
        file: "lambdas/core/trash/close-organization.ts",
        from: "`${unchanged(organization).condition} AND attribute_not_exists(#closed_at)`",
        to: '"attribute_not_exists(#closed_at)"',
      },
    ],
    case: "organization: closed | close-organization: transact ORG+EVT (1) | frozen before it, meanwhile: it is renamed",
  },
  {
    name: "what was purged is restored no more",
    changes: [
      {
        file: "lambdas/core/trash/close-organization.ts",
        from: '"#closed_at = :closed_at AND attribute_not_exists(#purged_ms)"',
        to: '"#closed_at = :closed_at"',
      },
    ],
    case: "organization: restored | restore-organization: transact ORG+EVT+IDEM (1) | frozen before it, meanwhile: it is purged",
  },
];
