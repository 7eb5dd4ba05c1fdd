/** How what is somebody's becomes another's: offered by a transfer, accepted by a claim. */
import * as z from "zod";
import {
  at,
  distinct,
  id,
  idOf,
  orTime,
  page,
  principal,
  wholeText,
  withoutNul,
  workspaceRef,
} from "#contract/common.ts";
import { memberRole } from "#contract/roles.ts";
import { defineRoute } from "#contract/route.ts";
import { scope } from "#contract/scopes.ts";
import { file, folderRef } from "#core/files/contract.ts";
import { movingFolder } from "#core/folders/contract.ts";
import { organization } from "#core/organizations/contract.ts";
import { workspace } from "#core/workspaces/contract.ts";

/** Open transfers that one resource has at most. */
export const MAX_OPEN = 5;
/** Ids that a claimer keeps of an organization at most: with all else that a claim writes they are one transaction. */
const MAX_KEPT = 50;
/** What can act in an organization, as far as a preview lists it. */
export const MAX_ACTING = 1_000;
/** Seconds that a transfer is open: 72 hours unless said, 30 days at most. */
export const OPEN_FOR = { min: 60, max: 2_592_000, default: 259_200 };

const transferState = z.enum(["pending", "claimed", "revoked", "expired", "withdrawn"]).meta({
  description:
    "`pending` can be claimed; the others are over, and listed for a while. `withdrawn`: it, or the workspace or organization in which it stood, has been handed over by another transfer.",
});

/** Why a transfer works no more. */
export const transferEnd = z.enum(["claimed", "revoked", "expired", "withdrawn"]).meta({
  id: "TransferEnd",
  description:
    "`withdrawn`: whoever offered it may no longer hand it over, or it is gone, or has been handed over by another transfer.",
});
export type TransferEnd = z.infer<typeof transferEnd>;

const resourceType = z.enum(["workspace", "folder", "file", "share", "organization"]);
type TransferredType = z.infer<typeof resourceType>;

const resource = z
  .object({
    type: resourceType.meta({ description: "What it is." }),
    id: idOf("ws", "fld", "file", "shr", "org").meta({
      description:
        "Its id: `ws_…` of a workspace, `fld_…` of a folder, `file_…` of a file, `shr_…` of a link (a share), `org_…` of an organization.",
    }),
  })
  .meta({ id: "Transferred", description: "What is handed over, with all that is in it." });

const one = <T extends TransferredType, P extends "ws" | "fld" | "file" | "shr" | "org">(
  type: T,
  prefix: P,
  name: string,
) =>
  z
    .strictObject({ type: z.literal(type).meta({ description: "What it is." }), id: id(prefix) })
    .meta({ id: name });
const resourceAsked = z
  .discriminatedUnion("type", [
    one("workspace", "ws", "OfferedWorkspace"),
    one("folder", "fld", "OfferedFolder"),
    one("file", "file", "OfferedFile"),
    one("share", "shr", "OfferedShare"),
    one("organization", "org", "OfferedOrganization"),
  ])
  .meta({ description: "What is handed over, with all that is in it." });

const residualRole = z.enum(["none", "viewer", "editor", "manager", "admin"]).meta({
  id: "ResidualRole",
  description:
    "What whoever offers it keeps there, by a grant that the new owner can end: `none`, `viewer`, `editor` or `manager`; `none` for a link. Of an organization it is `none` or `admin`, a role in it, which the new owner can take away.",
});

const recipientParts = {
  email: z.string().min(3).max(320).optional().meta({
    format: "idn-email",
    description: "The person alone who has the address verified may see and claim it.",
  }),
  organization: id("org").optional().meta({
    description:
      "An owner or admin of this organization alone may, for it. An organization itself is for a person: `email`, or nobody.",
  }),
};
const recipient = z
  .object(recipientParts)
  .meta({ id: "Recipient", description: "For whom it is; not there where it is for whoever has the token." });
const recipientAsked = z
  .strictObject(recipientParts)
  .refine(({ email, organization }) => (email === undefined) !== (organization === undefined), {
    message: "names one of email and organization",
  })
  .meta({
    description: "For whom it is. Without it whoever has the token may claim it.",
    oneOf: [{ required: ["email"] }, { required: ["organization"] }],
  });

const keptParts = {
  shares: z
    .boolean()
    .meta({ description: "Whether links to its files that are there by then go on; `true` unless said." }),
  webhooks: z.boolean().meta({
    description:
      "Whether endpoints of who offers it go on hearing of it, `false` unless said. That takes `residual_role` `manager`, which else comes without `hooks`; of an organization `admin`, which else comes without its endpoints, and without its keys but the one by which this is offered.",
  }),
};
const kept = z.object(keptParts).meta({ id: "Kept", description: "What goes on after the claim." });
const keptAsked = z
  .strictObject({
    shares: keptParts.shares.default(true),
    webhooks: keptParts.webhooks.default(false),
  })
  .meta({ description: "What goes on after the claim. Not for a link, which goes on as it is." });

const message = withoutNul(wholeText(z.string().max(500)));

const actingType = z.enum([
  ...(["client", "person", "key", "group", "invitation", "endpoint", "transfer", "grant"] as const),
]);

/** What can act in an organization. */
const acting = z
  .object({
    type: actingType.meta({
      description: "What it is. `grant`: of somebody who is no member, on one of the workspaces.",
    }),
    id: z.string().meta({ description: "Its id." }),
    name: z.string().optional().meta({ description: "What it is called." }),
    scopes: z
      .array(scope)
      .optional()
      .meta({ description: "Of a client or key: what its tokens, or it, can do at most." }),
    role: memberRole.optional().meta({ description: "Of a client or person: its role." }),
    of: z.string().optional().meta({ description: "Whose it is, or who has made it." }),
    expires_at: at("When it ends by itself; unsaid where it doesn't").optional(),
    can_be_kept: z.boolean().meta({
      description: "Whether the claim can `keep` it. A key or endpoint is kept with whom it is `of`.",
    }),
  })
  .meta({ id: "Acting" });
export type Acting = z.infer<typeof acting>;

/** What would come over, as it is now. */
const preview = z
  .object({
    name: z.string().meta({
      description: "What the workspace, folder, file or organization is called; of a link its id.",
    }),
    organization_id: id("org").meta({ description: "Whose it is until it is claimed." }),
    organization_name: z.string().meta({ description: "What that is called." }),
    folders: z.int().meta({ description: "Folders in it, as far as they were counted." }),
    files: z.int().meta({ description: "Files in it, as far as they were counted." }),
    bytes: z.int().meta({ description: "Bytes of these files' current versions." }),
    links: z.int().meta({ description: "Links to these files that lead there now; of a link 1, itself." }),
    endpoints: z.int().optional().meta({
      description:
        "Of a workspace: endpoints that hear of it now, of whoever. They stop with their makers' rights.",
    }),
    workspaces: z.int().optional().meta({ description: "Of an organization: how many it has." }),
    acting: z.array(acting).max(MAX_ACTING).optional().meta({
      description:
        "Of an organization: all that can act in it now. On the claim all of it ends but what the claimer keeps by id, and what the transfer leaves to who made it.",
    }),
    complete: z
      .boolean()
      .meta({ description: "Whether that is all; what is larger isn't counted to its end." }),
    at: at("When it was counted"),
  })
  .meta({ id: "TransferPreview" });
export type Preview = z.infer<typeof preview>;

export const transfer = z
  .object({
    transfer_id: id("trf"),
    resource,
    state: transferState,
    to: recipient.optional(),
    residual_role: residualRole,
    keep: kept,
    message: z.string().optional().meta({ description: "What is said to who claims it." }),
    created_at: at("When it was offered"),
    created_by: principal,
    expires_at: at("When it can be claimed no more"),
    claimed_by: principal.optional(),
    claimed_for: id("org").optional().meta({ description: "The organization that it belongs to since." }),
    ended_at: orTime(
      "When it was claimed, revoked or expired; `null` while it is pending, and where it was withdrawn.",
    ),
  })
  .meta({ id: "Transfer" });
export type Transfer = z.infer<typeof transfer>;

export const newTransfer = transfer.extend({
  claim_url: z
    .url()
    .meta({ description: "Where it is seen by `GET`, and claimed by `POST`. Shown this once." }),
  claim_token: z
    .string()
    .meta({ description: "What claims it (`whc_…`), as `claim_url` has it. Shown this once." }),
  preview: preview.meta({ description: "What would come over, as it is now." }),
});

const transferRequest = z.strictObject({
  resource: resourceAsked,
  to: recipientAsked.optional(),
  residual_role: residualRole.default("none"),
  keep: keptAsked.prefault({}),
  message: message.optional().meta({ description: "What is said to who claims it. 500 characters at most." }),
  expires_in: z
    .int()
    .min(OPEN_FOR.min)
    .max(OPEN_FOR.max)
    .optional()
    .meta({
      description: `Seconds until it expires: ${OPEN_FOR.default} (72 hours) unless said, ${OPEN_FOR.max} (30 days) at most, and not longer than the key or client that makes it, or the link that it is of.`,
    }),
});
export type TransferRequest = z.output<typeof transferRequest>;

const claimRequest = z.strictObject({
  organization: id("org").optional().meta({
    description: "Of a workspace: whose it will be. Not needed where you belong to one organization.",
  }),
  workspace: workspaceRef
    .optional()
    .meta({ description: "Of a folder or file: into which workspace of yours, by id or name. Needed." }),
  keep: distinct(idOf("usr", "cli", "key", "hook"), { max: MAX_KEPT })
    .optional()
    .meta({
      description:
        "Of an organization: members, clients, their keys and endpoints that go on as they are, by the ids that the preview's `acting` has. A member keeps its role and grants, a client its secrets too. All others end.",
    }),
  folder: folderRef.optional().meta({
    description:
      "Of a folder or file: into which of that workspace's folders, by id or path, of which what is missing is made. Its root unless said.",
  }),
});
export type ClaimRequest = z.output<typeof claimRequest>;

export const claimable = transfer
  .omit({ claimed_by: true, claimed_for: true })
  .extend({ preview: preview.meta({ description: "What would come over, as it is now." }) })
  .meta({ id: "Claimable" });

export const claimed = z
  .object({
    transfer_id: id("trf"),
    resource,
    workspace: workspace.optional().meta({ description: "Of a workspace: as it is now, and yours." }),
    file: file.optional().meta({ description: "Of a file: as it is now, where you wanted it." }),
    organization: organization
      .optional()
      .meta({ description: "Of an organization: as it is now, and yours." }),
    folder: movingFolder.optional().meta({
      description: "Of a folder: where it will be, once all that is in it is there.",
    }),
    claimed_at: at("When it became yours"),
  })
  .meta({ id: "Claimed" });
export type Claimed = z.infer<typeof claimed>;

const tag = "Transfers";
const decides = "the transfer's record says what it is about";
const TOKEN = z
  .string()
  .regex(/^whc_[0-7][0-9A-HJKMNP-TV-Z]{25}_[A-Za-z0-9_-]{43}$/, {
    message: "must be a transfer's whole claim_token: whc_, 26 characters, _ and 43 more",
  })
  .meta({ description: "The transfer's `claim_token`." });
const ULID = "01JZZZZZZZZZZZZZZZZZZZZZZZ";
const moment = "2026-01-01T00:00:00.000Z";
const example: Transfer = {
  transfer_id: `trf_${ULID}`,
  resource: { type: "workspace", id: `ws_${ULID}` },
  state: "pending",
  to: { email: "zoe@example.com" },
  residual_role: "viewer",
  keep: { shares: true, webhooks: false },
  message: "The report that you asked for.",
  created_at: moment,
  created_by: `cli_${ULID}`,
  expires_at: "2026-01-04T00:00:00.000Z",
  ended_at: null,
};
const shown: Preview = {
  ...{ name: "report", organization_id: `org_${ULID}`, organization_name: "Hafen & Söhne" },
  ...{ folders: 3, files: 12, bytes: 1_048_576, links: 2, endpoints: 1, complete: true, at: moment },
};

export const createTransferRoute = defineRoute({
  id: "createTransfer",
  method: "POST",
  path: "/v1/transfers",
  summary: "Offer a workspace, a folder, a file, a link or a whole organization to another",
  description: `Whoever has \`claim_token\`, which is shown this once, makes it theirs by \`POST /v1/claims/{token}\`, where \`to\` lets them. Nothing changes until then. It takes the role \`owner\` on it, which is judged again at the claim, of an organization \`members:write\` too; of a link, the role on its file, or that it is the caller's own and may be shared still. It ends with the key or client that made it. One thing has ${MAX_OPEN} open transfers at most.`,
  tag,
  access: { action: "transfer", decides: "the body says what is handed over" },
  body: transferRequest,
  responses: { 201: { description: "The transfer", schema: newTransfer } },
  errors: ["not_found", "grant_limit", "conflict"],
  example: {
    request: { resource: example.resource, to: { email: "zoe@example.com" }, residual_role: "viewer" },
    response: {
      ...example,
      ...{ claim_url: `https://files.example.com/v1/claims/whc_${ULID}_${"A".repeat(43)}` },
      ...{ claim_token: `whc_${ULID}_${"A".repeat(43)}`, preview: shown },
    },
  },
});

export const listTransfersRoute = defineRoute({
  id: "listTransfers",
  method: "GET",
  path: "/v1/transfers",
  summary: "List the transfers that the caller has made, the oldest first",
  description: "What is over is among them for 30 days after the transfer's end. None shows its token.",
  tag,
  access: { own: "lists what the caller has made" },
  scopes: ["workspaces:read"],
  query: page.query,
  responses: { 200: { description: "One page", schema: page.of(transfer) } },
  errors: ["invalid_cursor"],
});

const oneTransfer = { path: "/v1/transfers/{id}", tag, params: { id: id("trf") } } as const;

export const showTransferRoute = defineRoute({
  ...{ id: "showTransfer", method: "GET", ...oneTransfer },
  summary: "See a transfer",
  description: "By whoever made it, and whoever may hand the same over.",
  access: { action: "transfer", decides },
  scopes: ["workspaces:read"],
  responses: { 200: { description: "As it is now", schema: transfer } },
  errors: ["not_found"],
});

export const revokeTransferRoute = defineRoute({
  ...{ id: "revokeTransfer", method: "DELETE", ...oneTransfer },
  summary: "Withdraw a transfer; repeating it changes nothing",
  description: "Nobody claims it from then on. One that has been claimed is over (409).",
  access: { action: "transfer", decides },
  responses: { 204: { description: "It can't be claimed" } },
  errors: ["not_found", "conflict"],
});

const claim = { path: "/v1/claims/{token}", tag, params: { token: TOKEN } } as const;

export const showClaimRoute = defineRoute({
  ...{ id: "showClaim", method: "GET", ...claim },
  summary: "See what a transfer would bring, before it is claimed",
  access: { own: "whoever has the token is offered what it is of" },
  scopes: ["workspaces:write"],
  responses: { 200: { description: "What is offered", schema: claimable } },
  errors: ["not_found", "transfer_gone"],
});

export const acceptClaimRoute = defineRoute({
  ...{ id: "acceptClaim", method: "POST", ...claim },
  summary: "Claim what a transfer offers",
  description: `One write, whatever is in it; of many who claim at once one wins.

A workspace belongs to the organization from then on, and the caller has the role \`owner\` on it. What was granted on it and in it before ends at once, but what the transfer leaves to who made it; locks are broken, uploads that were begun end, endpoints hear nothing more, links live on unless \`keep\` says otherwise. It takes the role \`owner\` or \`admin\` in the organization. Its name gets a number where you have made one of the name.

A file moves, with its versions, history and fencing numbers, into a workspace in which the caller may \`create\`. What was granted on it stays behind, but what the transfer leaves to who made it; links live on unless \`keep\` says otherwise. While somebody holds its lock it stays where it is.

An organization is yours from then on, with all that it has; it takes a person, and \`members:write\`. Whoever belonged to it, and what else could act in it, ends at once, but what you \`keep\` and what the transfer leaves to who made it; what was granted and locked in it ends, uploads that were begun end, links live on unless \`keep\` of the transfer says otherwise.

A folder goes the same way as a job, as \`PATCH /v1/folders/{id}\` sends one to another workspace: it is in neither until all of it is there, and locks in it don't hold it.

Of a link (a share) who may manage it changes, and nothing else: the caller sees and revokes it from then on (\`GET\` and \`DELETE /v1/shares/{id}\`), without any right to its file. Whoever may share the file may do so too; whoever made it, no more for having made it. It takes no \`organization\`, \`workspace\` or \`folder\`.`,
  access: { own: "whoever has the token is offered what it is of; into what it may come the verb decides" },
  scopes: ["workspaces:write"],
  body: claimRequest,
  responses: { 200: { description: "It is yours", schema: claimed } },
  errors: [
    ...(["not_found", "transfer_gone", "grant_limit", "conflict"] as const),
    ...(["workspace_ambiguous", "name_taken", "type_mismatch", "file_locked"] as const),
  ],
});
