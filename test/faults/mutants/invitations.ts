/** Conditions of writes to invitations, and of those that an acceptance makes. */
import type { Mutant } from "./mutant.ts";

const file = "test/invitations/invitations.test.ts";
const accept = "lambdas/core/invitations/accept-invitation.ts";
const create = "lambdas/core/invitations/create-invitation.ts";
const end = "lambdas/core/invitations/end-invitation.ts";

export const invitations: readonly Mutant[] = [
  {
    name: "an address has one open invitation",
    changes: [
      {
        file: create,
        from: '"attribute_not_exists(#pk) OR #expires_ms <= :now"',
        to: '"attribute_not_exists(#pk) OR #expires_ms <> :now"',
      },
    ],
    why: "the second is told of what the first is, in both orders",
    red: { file, titles: ["one address has one open invitation", "invite the same address at once"] },
  },
  {
    name: "an organization has so many open invitations",
    changes: [
      {
        file: create,
        from: '"attribute_not_exists(#open) OR #open < :most"',
        to: '"attribute_not_exists(#open) OR #open <= :most"',
      },
    ],
    why: "no situation has 500",
    red: { file, titles: ["open ones"] },
  },
  {
    name: "an invitation ends once",
    changes: [
      {
        file: end,
        from: "`attribute_exists(#pk) AND attribute_not_exists(#ended_at)${",
        to: "`attribute_exists(#pk)${",
      },
    ],
    why: "the place of its address, which it leaves as well, keeps the second out, unless another has that",
    red: { file, titles: ["counts once where two sweeps find it"] },
  },
  {
    name: "an invitation that has expired meanwhile is not accepted",
    changes: [{ file: end, from: '" AND #expires_ms > :now"', to: '" AND #expires_ms <> :now"' }],
    why: "time stands still in a case while a call goes on",
    red: { file, titles: ["comes between what was read and the write"] },
  },
  {
    name: "the place of an address is the newer invitation's",
    changes: [
      {
        file: end,
        from: '"#invitation_id = :invitation_id"',
        to: '"attribute_exists(#pk) OR #invitation_id = :invitation_id"',
      },
    ],
    case: "sweep: an invitation that has expired | end-invitation: transact INVITATION+ORG.INVITED+ORG.INVITATIONS (1) | frozen before it, meanwhile: she is invited anew",
  },
  {
    name: "who made an invitation is what it was when that was judged",
    changes: [
      {
        file: accept,
        from: "`${LIVES} AND #organizations.#${organization_id} = :role`",
        to: "`${LIVES} AND #organizations.#${organization_id} <> :role OR attribute_exists(#pk)`",
      },
    ],
    why: "an acceptance before the change ends the same",
    red: { file, titles: ["who is one no longer"] },
  },
  {
    name: "the key that made an invitation lives",
    changes: [
      {
        file: accept,
        from: "keys.apiKey(principal_id, key_id), condition: LIVES }",
        to: 'keys.apiKey(principal_id, key_id), condition: "attribute_exists(#pk)" }',
      },
    ],
    why: "an acceptance before its end ends the same",
    red: { file, titles: ["a key made that is revoked in that moment"] },
  },
  {
    name: "who accepts is not shut out",
    changes: [
      {
        file: accept,
        from: "`${LIVES} AND attribute_not_exists(#organizations",
        to: "`attribute_not_exists(#organizations",
      },
    ],
    why: "no route shuts a person out",
    red: { file, titles: ["shut out meanwhile"] },
  },
  {
    name: "who accepts is no member",
    changes: [{ file: accept, from: " AND attribute_not_exists(#organizations.#${organization})", to: "" }],
    why: "its place in the list keeps it out too, where it has one",
    red: { file, titles: ["in that moment it stays"] },
  },
  {
    name: "who accepts has room for one organization more",
    changes: [{ file: accept, from: "size(#organizations) < :most", to: "size(#organizations) <= :most" }],
    why: "no situation has 20",
    red: { file, titles: ["is refused to who has 20 organizations"] },
  },
  {
    name: "who accepts has room for the grants in its record",
    changes: [
      {
        file: "lambdas/core/access/grant-writes.ts",
        from: '"size(#grants) <= :room"',
        to: '"size(#grants) >= :zero OR size(#grants) <= :room"',
      },
      {
        file: "lambdas/core/access/grant-writes.ts",
        from: "values: { room: MAX_IN_RECORD - count },",
        to: "values: { zero: 0, room: MAX_IN_RECORD - count },",
      },
    ],
    why: "no situation has 50",
    red: { file, titles: ["finds the room that is left when it is written"] },
  },
  {
    name: "who accepts has room for the grants beside its record",
    changes: [
      {
        file: "lambdas/core/access/grant-writes.ts",
        from: "#more_grants <= :most_further)",
        to: "#more_grants <> :most_further)",
      },
    ],
    why: "no situation has 1,000",
    red: { file, titles: ["is refused to who has 1,000 grants"] },
  },
  {
    name: "who has left an organization is brought back by no late copy",
    changes: [
      {
        file: "lambdas/core/access/organization-writes.ts",
        from: "change: newChange() }, ...seen }",
        to: 'change: newChange() }, ...(seen && { blind: "mutant" }) }',
      },
    ],
    why: "the invitation's own end keeps out what is of it, but not what is of another of the same person's",
    red: { file, titles: ["who came by another address"] },
  },
  {
    name: "nobody comes into an organization that is no more",
    changes: [
      {
        file: accept,
        from: "`attribute_exists(#pk) AND ${unclaimed.condition}`",
        to: "unclaimed.condition",
      },
    ],
    why: "nothing ends an organization yet",
    red: { file, titles: ["where the organization is no more"] },
  },
];
