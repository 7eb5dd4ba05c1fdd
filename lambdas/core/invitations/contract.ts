/** Invitations: how a person with an address becomes a member of an organization. */
import * as z from "zod";
import { at, distinct, id, orTime, page, principal, wholeText, withoutNul } from "#contract/common.ts";
import { memberRole, resourceId, role } from "#contract/roles.ts";
import { defineRoute } from "#contract/route.ts";
import { action } from "#contract/scopes.ts";
import { firstGrant } from "#core/accounts/clients-contract.ts";
import { grant } from "#core/grants/contract.ts";

/** Grants of one invitation: all are written with its acceptance, at some 20 write units each. */
export const MAX_OFFERED = 8;
/** Open invitations that one organization has at most. */
export const MAX_OPEN = 500;
/** Seconds that an invitation is open: 7 days unless said, 30 at most. */
export const OPEN_FOR = { min: 60, max: 2_592_000, default: 604_800 };

const invitationState = z
  .enum(["pending", "accepted", "revoked", "expired"])
  .meta({ description: "`pending` can be accepted; the others are over, and listed for a while." });

/** Why an invitation works no more. */
export const invitationEnd = z.enum(["accepted", "revoked", "expired", "withdrawn"]).meta({
  id: "InvitationEnd",
  description:
    "`withdrawn`: whoever made it may no longer give all that it offers, or what it offers is gone.",
});

export type InvitationEnd = z.infer<typeof invitationEnd>;

const offered = z
  .object({
    resource_id: resourceId,
    role: role.optional(),
    actions: z.array(action).optional().meta({ description: "In the place of a role." }),
    expires_at: z.iso
      .datetime()
      .optional()
      .meta({ description: "When it ends by itself; not there where that wasn't said." }),
  })
  .meta({ id: "OfferedGrant", description: "What is granted by the acceptance." });

const message = withoutNul(wholeText(z.string().max(500)));

export const invitation = z
  .object({
    invitation_id: id("inv"),
    organization_id: id("org"),
    email: z.string().meta({ description: "The address that is invited." }),
    role: memberRole.meta({ description: "What its person will be in the organization." }),
    grants: z.array(offered).meta({ description: "What its person is granted by the acceptance." }),
    message: z.string().optional().meta({ description: "What is said to who is invited." }),
    state: invitationState,
    created_at: at("When it was made"),
    created_by: principal,
    expires_at: at("When it can be accepted no more"),
    accepted_by: id("usr").optional().meta({ description: "Where it has been accepted: by whom." }),
    ended_at: orTime("When it was accepted, revoked or expired; `null` while it is pending."),
  })
  .meta({ id: "Invitation" });
export type Invitation = z.infer<typeof invitation>;

export const newInvitation = invitation.extend({
  accept_url: z.url().meta({ description: "Where `accept_token` is to be sent, by a `POST`." }),
  accept_token: z.string().meta({ description: "What accepts it (`whi_…`). Shown this once." }),
});

const invitationRequest = z.strictObject({
  email: z
    .string()
    .min(3)
    .max(320)
    .meta({ format: "idn-email", description: "Whom it is for: an address, letters of all languages." }),
  role: memberRole.meta({ description: "What its person will be; not above your own role." }),
  grants: distinct(firstGrant, { max: MAX_OFFERED, key: (one) => JSON.stringify(one) })
    .default([])
    .meta({
      description: `What its person is granted beside: ${MAX_OFFERED} at most, as \`POST …/grants\` would decide them.`,
    }),
  message: message
    .optional()
    .meta({ description: "What is said to who is invited. 500 characters at most." }),
  expires_in: z
    .int()
    .min(OPEN_FOR.min)
    .max(OPEN_FOR.max)
    .optional()
    .meta({
      description: `Seconds until it expires: ${OPEN_FOR.default} (7 days) unless said, ${OPEN_FOR.max} (30 days) at most, and not longer than the key or client that makes it.`,
    }),
});
export type InvitationRequest = z.output<typeof invitationRequest>;

export const acceptance = z
  .object({
    invitation_id: id("inv"),
    organization_id: id("org"),
    role: memberRole.meta({ description: "What you are in the organization from now on." }),
    grants: z.array(grant).meta({ description: "What you were granted." }),
    joined_at: at("When you became a member"),
  })
  .meta({ id: "Acceptance" });
export type Acceptance = z.infer<typeof acceptance>;

const tag = "Invitations";
const decides = "the invitation's record says which organization it is of";
const ULID = "01JZZZZZZZZZZZZZZZZZZZZZZZ";
const example: Invitation = {
  invitation_id: `inv_${ULID}`,
  organization_id: `org_${ULID}`,
  email: "zoe@example.com",
  role: "guest",
  grants: [{ resource_id: `fld_${ULID}`, role: "editor" }],
  message: "For the audit of 2026.",
  state: "pending",
  created_at: "2026-01-01T00:00:00.000Z",
  created_by: `usr_${ULID}`,
  expires_at: "2026-01-08T00:00:00.000Z",
  ended_at: null,
};
const accept_token = `whi_${ULID}_${"A".repeat(43)}`;

export const createInvitationRoute = defineRoute({
  id: "createInvitation",
  method: "POST",
  path: "/v1/orgs/{id}/invitations",
  summary: "Invite a person into an organization",
  description: `The person who has the address verified accepts it by \`accept_token\`, which is shown this once. Role and grants are the caller's own at most, with its token's scopes; \`grants\` need \`grants:write\`. That is judged again when it is accepted, and it ends with the key or client that made it. One address has one open invitation into an organization, which has ${MAX_OPEN} of them at most (\`grant_limit\`); who is a member is not invited: 409.`,
  tag,
  access: { organization: "members" },
  scopes: ["members:write"],
  params: { id: id("org") },
  body: invitationRequest,
  responses: { 201: { description: "The invitation", schema: newInvitation } },
  errors: ["not_found", "conflict", "grant_limit"],
  example: {
    request: { email: example.email, role: example.role, grants: example.grants, message: example.message },
    response: { ...example, accept_url: "https://files.example.com/v1/invitations/accept", accept_token },
  },
});

export const listInvitationsRoute = defineRoute({
  id: "listInvitations",
  method: "GET",
  path: "/v1/orgs/{id}/invitations",
  summary: "List an organization's invitations, the oldest first",
  description: "What is over is among them for 30 days after the invitation's end. None shows its token.",
  tag,
  access: { organization: "members" },
  scopes: ["members:read"],
  params: { id: id("org") },
  query: {
    ...page.query,
    state: invitationState.optional().meta({ description: "Only those in this state: pages may be short." }),
  },
  responses: { 200: { description: "One page", schema: page.of(invitation) } },
  errors: ["not_found", "invalid_cursor"],
});

const oneInvitation = { path: "/v1/invitations/{id}", tag, params: { id: id("inv") } } as const;

export const showInvitationRoute = defineRoute({
  ...{ id: "showInvitation", method: "GET", ...oneInvitation },
  summary: "See an invitation",
  access: { organization: "members", decides },
  scopes: ["members:read"],
  responses: { 200: { description: "As it is now", schema: invitation } },
  errors: ["not_found"],
});

export const revokeInvitationRoute = defineRoute({
  ...{ id: "revokeInvitation", method: "DELETE", ...oneInvitation },
  summary: "Revoke an invitation; repeating it changes nothing",
  description:
    "Nobody accepts it from then on. One that has been accepted is over: remove the member instead (409).",
  access: { organization: "members", decides },
  scopes: ["members:write"],
  responses: { 204: { description: "It can't be accepted" } },
  errors: ["not_found", "conflict"],
});

export const acceptInvitationRoute = defineRoute({
  id: "acceptInvitation",
  method: "POST",
  path: "/v1/invitations/accept",
  summary: "Accept an invitation, as the person who has its address",
  description:
    "Role, grants and the invitation's end are one. By a person alone, who has the address verified: for anybody else there is no such invitation (404), and a client's token is refused. One that is over is 410 `invitation_gone` with why. Who is a member already stays what it is: 409, and nothing is given.",
  tag,
  access: { own: "makes the caller itself a member" },
  scopes: ["members:write"],
  body: z.strictObject({
    token: z
      .string()
      .regex(/^whi_[0-7][0-9A-HJKMNP-TV-Z]{25}_[A-Za-z0-9_-]{43}$/, {
        message: "must be an invitation's accept_token, which begins with whi_",
      })
      .meta({ description: "The invitation's `accept_token`." }),
  }),
  responses: { 200: { description: "You are a member", schema: acceptance } },
  errors: ["not_found", "conflict", "invitation_gone", "grant_limit"],
  example: {
    request: { token: accept_token },
    response: {
      ...{ invitation_id: example.invitation_id, organization_id: example.organization_id },
      ...{ role: example.role, grants: [], joined_at: "2026-01-02T00:00:00.000Z" },
    },
  },
});
