/** Conditions of transfers and claims, and of what goes along with a file. */
import type { Mutant } from "./mutant.ts";

const FILE = "claim: a file, of which a viewer is left";
const MOVED =
  "accept-thing: transact TRANSFER+TRANSFERS.PLACE+MADE+WORKSPACES+ORG+NODE+DIR+PATH.FILE+EVT+GRANTS.SAME+GRANT+GRANTS+CLIENT+IDEM (1)";
const SHARE = "claim: a share";
const HANDED = "accept-share: transact TRANSFER+TRANSFERS.PLACE+MADE+WORKSPACES+ORG+LINK+NODE+EVT+IDEM (1)";
const OF_SHARES = "test/transfers/shares.test.ts";
/** Its end is as if the claim had come first; only its answer, which comes after the other's, says that it didn't. */
const FIRST = "The end is that of the other order: that the claim comes too late a test alone knows.";
const WORKSPACE = "claim: a workspace, of which none is left";
const CLAIMED =
  "accept-workspace: transact TRANSFER+TRANSFERS.PLACE+MADE+WORKSPACES+ORG+ORG.WS+ORG.WSNAME+WSNAME+GRANTS.SAME+GRANT+GRANTS+PERSON+CLIENT+EVT+IDEM (1)";
const ORGANIZATION = "claim: an organization, of which none is left";
const ORGANIZATION_CLAIMED =
  "accept-organization: transact TRANSFER+TRANSFERS.PLACE+MADE+ORG+PERSON+ORG.MEMBER+CLIENT+EVT+IDEM (1)";

export const transfers: readonly Mutant[] = [
  {
    name: "transfer: what is over is not claimed",
    changes: [
      {
        file: "lambdas/core/transfers/end-transfer.ts",
        from: "attribute_exists(#pk) AND attribute_not_exists(#ended_at)",
        to: "attribute_exists(#pk)",
      },
    ],
    case: `${FILE} | ${MOVED} | frozen before it, meanwhile: it is withdrawn`,
  },
  {
    name: "claim: a file out of a workspace that is its maker's still",
    changes: [
      {
        file: "lambdas/core/transfers/accept-thing.ts",
        from: "(attribute_not_exists(#epoch) OR #epoch = :epoch)",
        to: "(attribute_not_exists(#epoch) OR #epoch >= :epoch)",
      },
    ],
    case: `${FILE} | ${MOVED} | frozen before it, meanwhile: its workspace is claimed`,
  },
  {
    name: "transfer: its place is free",
    changes: [
      {
        file: "lambdas/core/transfers/create-transfer.ts",
        from: "attribute_not_exists(#pk) OR #expires_ms <= :now",
        to: "attribute_not_exists(#pk) OR #expires_ms <= :now OR #expires_ms > :now",
      },
    ],
    case: "transfer: offered | create-transfer: transact TRANSFERS.PLACE+TRANSFER+TRANSFERS+CLIENT+MADE+EVT+IDEM (1) | frozen before it, meanwhile: another offers it too",
  },
  {
    name: "claim: a workspace as it was read",
    changes: [
      {
        file: "lambdas/core/transfers/accept-workspace.ts",
        from: "      ...unchanged(workspace),\n",
        to: '      condition: "attribute_exists(#pk)",\n',
      },
    ],
    case: `${WORKSPACE} | ${CLAIMED} | frozen before it, meanwhile: it is renamed`,
  },
  {
    name: "claim: what is tidied up is there still",
    changes: [
      {
        file: "lambdas/core/transfers/sweep-handovers.ts",
        from: " AND attribute_not_exists(#deleted_at)",
        to: "",
      },
    ],
    case: "sweep: a workspace that was handed over | end-grant: transact GRANT+GRANTS+GRANTS.SAME+MADE+CLIENT+EVT (1) | frozen before it, meanwhile: it is deleted",
  },
  {
    name: "workspace: what its former owner was about to change stays as its new one has it",
    changes: [
      {
        file: "lambdas/core/workspaces/require-untransferred.ts",
        from: "workspaceNow(workspace, organization).epoch === access",
        to: "workspaceNow(workspace, organization).epoch >= access",
      },
    ],
    case: "workspace: deleted as an organization of who deletes it claims it | delete-workspace: transact WORKSPACES+ORG.WS+ORG.WSNAME+WSNAME+TRASH+EVT+ORG (1) | frozen before it, meanwhile: it is claimed",
  },
  {
    name: "organization: who claims it has it as it was seen",
    changes: [
      {
        file: "lambdas/core/transfers/accept-organization.ts",
        from: "      ...unchanged(organization),\n",
        to: '      condition: "attribute_exists(#pk)",\n',
      },
    ],
    case: `${ORGANIZATION} | ${ORGANIZATION_CLAIMED} | frozen before it, meanwhile: it is renamed`,
  },
  {
    name: "organization: who offers it owns it as it is claimed",
    changes: [
      {
        file: "lambdas/core/transfers/accept-organization.ts",
        from: "  condition: `#organizations.#${organization} = :held`,\n  values",
        to: "  condition: `#organizations.#${organization} = :held OR attribute_exists(#pk)`,\n  values",
      },
    ],
    case: `${ORGANIZATION} | ${ORGANIZATION_CLAIMED} | frozen before it, meanwhile: who offers it becomes less`,
  },
  {
    name: "organization: whom its claimer keeps is who was seen",
    changes: [
      {
        file: "lambdas/core/transfers/accept-organization.ts",
        from: "      ...unchanged(member),\n",
        to: '      condition: "attribute_exists(#pk)",\n',
      },
    ],
    case: `${ORGANIZATION} | ${ORGANIZATION_CLAIMED} | frozen before it, meanwhile: who is kept gets another role`,
  },
  {
    name: "organization: nobody of before changes who is in it",
    changes: [
      {
        file: "lambdas/core/access/organization-writes.ts",
        from: 'condition: "attribute_not_exists(#epoch)"',
        to: 'condition: "(attribute_exists(#pk) OR attribute_not_exists(#pk))"',
      },
    ],
    case: "member: given another role as its organization is claimed | change-member: transact ORG.MEMBER+CLIENT+ORG+EVT (1) | frozen before it, meanwhile: it is claimed",
  },
  {
    name: "organization: nobody of before closes it",
    changes: [
      {
        file: "lambdas/core/organizations/find-organization.ts",
        from: " || found.epoch !== epoch",
        to: " || found.epoch < epoch",
      },
    ],
    case: "organization: closed as its organization is claimed | close-organization: transact ORG+EVT (1) | frozen before it, meanwhile: it is claimed",
  },
  {
    name: "claim: a share that is as often handed over as it was, which is never",
    changes: [
      {
        file: "lambdas/core/links/hand-link.ts",
        from: '"attribute_not_exists(#held)"',
        to: '"attribute_exists(#pk)"',
      },
    ],
    case: `${SHARE} | ${HANDED} | frozen before it, meanwhile: another transfer of it is claimed`,
  },
  {
    name: "claim: a share that is as often handed over as it was",
    changes: [
      {
        file: "lambdas/core/links/hand-link.ts",
        from: '"#held.#turn = :turn"',
        to: '"#held.#turn >= :turn"',
      },
    ],
    case: `${SHARE}, which goes on to another | accept-share: transact TRANSFER+TRANSFERS.PLACE+MADE+WORKSPACES+ORG+LINK+NODE+EVT (1) | frozen before it, meanwhile: another transfer of it is claimed`,
  },
  {
    name: "claim: a share that isn't revoked",
    changes: [
      {
        file: "lambdas/core/links/hand-link.ts",
        from: "attribute_not_exists(#revoked_at) AND ",
        to: "",
      },
    ],
    why: FIRST,
    red: { file: OF_SHARES, titles: ["is over once the link is revoked"] },
  },
  {
    name: "claim: a share whose file is there",
    changes: [
      {
        file: "lambdas/core/links/hand-link.ts",
        from: '    ...linkedFileChecks(link, () => linkGone("deleted"), { in: workspace_id }),\n',
        to: "",
      },
    ],
    why: FIRST,
    red: { file: OF_SHARES, titles: ["is over once the link is revoked"] },
  },
  {
    name: "claim: a share whose file is in the workspace still",
    changes: [
      {
        file: "lambdas/core/links/hand-link.ts",
        from: ", { in: workspace_id })",
        to: ")",
      },
    ],
    why: FIRST,
    red: { file: OF_SHARES, titles: ["its file goes to another workspace"] },
  },
  {
    name: "claim: a share in a workspace that is its maker's still",
    changes: [
      { file: "lambdas/core/transfers/accept-share.ts", from: "        stillOwned(from),\n", to: "" },
    ],
    why: FIRST,
    red: { file: OF_SHARES, titles: ["its workspace is handed over"] },
  },
  {
    name: "claim: a share in an organization that is its maker's still",
    changes: [
      {
        file: "lambdas/core/transfers/accept-share.ts",
        from: "        stillUnclaimed(from.organization_id, belongs.epoch),\n",
        to: "",
      },
    ],
    why: FIRST,
    red: { file: OF_SHARES, titles: ["once the organization is handed over"] },
  },
  {
    name: "transfer: a share that has gone on since is offered no more",
    changes: [
      {
        file: "lambdas/core/transfers/offered-share.ts",
        from: "turnOf(share.link) === transfer.link?.turn && ",
        to: "",
      },
    ],
    why: "No fault makes it so: without it both are claimed in every order.",
    red: { file: OF_SHARES, titles: ["goes back and forth"] },
  },
  {
    name: "revocation: a link is ended with whose it is",
    changes: [
      {
        file: "lambdas/core/revocation/end-holdings.ts",
        from: " AND attribute_not_exists(#held) OR #held.#holder_id = :client",
        to: "",
      },
    ],
    why: "No fault makes a link another's: what is asked is whose it is.",
    red: { file: OF_SHARES, titles: ["are links that it has handed over"] },
  },
  {
    name: "link: none that was left behind is counted",
    changes: [
      {
        file: "lambdas/core/links/linked-file.ts",
        from: "(attribute_not_exists(#links_since_ms) OR #links_since_ms <= :made_ms)",
        to: ":made_ms = :made_ms",
      },
    ],
    why: "Where it is counted the answer is the same: that nothing is told of it is what it is for.",
    red: { file: "test/transfers/files.test.ts", titles: ["its old owner keeps what"] },
  },
];
