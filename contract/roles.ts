/** Roles on a resource and in an organization, and what a grant and a token's restriction name. */
import * as z from "zod";
import { distinct, id, idOf } from "./common.ts";
import { type Action, action, actions } from "./scopes.ts";

const viewer = ["list", "read"] as const;
const contributor = [...viewer, "create"] as const;
const editor = [...contributor, "write", "delete", "restore", "lock"] as const;
const manager = [...editor, "share", "grant", "hooks", "break", "purge", "manage"] as const;

/** What each role lets its holder do to a workspace, a folder or a file, and to all below it. */
const roleTable = {
  uploader: ["create"],
  viewer,
  contributor,
  editor,
  manager,
  owner: actions,
} as const satisfies Record<string, readonly Action[]>;

export const roles = ["uploader", "viewer", "contributor", "editor", "manager", "owner"] as const;
export type Role = (typeof roles)[number];
export const role = z.enum(roles).meta({
  id: "Role",
  description:
    "`uploader` sends new files and sees what it made; `viewer` lists and reads; `contributor` sends new files too; `editor` writes, deletes, restores and locks too; `manager` shares, grants, has webhooks, breaks locks and purges too; `owner` may hand a workspace over and delete it too.",
});

/** What a role lets its holder do. */
export const actionsOfRole = (role: Role): readonly Action[] => roleTable[role];

/** Roles in an organization, the one with most rights first. */
export const memberRoles = ["owner", "admin", "member", "guest"] as const;
export type MemberRole = (typeof memberRoles)[number];
export const memberRole = z.enum(memberRoles).meta({
  id: "MemberRole",
  description:
    "`owner` has `owner` on every workspace, `admin` has `manager`; `member` has what a workspace's `member_access` says and what was granted; `guest` only what was granted.",
});

/** What members have on a workspace without a grant. */
export const memberAccess = z.enum(["none", "viewer", "editor"]).meta({
  id: "MemberAccess",
  description: "What every `member` of the organization has on the workspace without a grant.",
});
export type MemberAccess = z.infer<typeof memberAccess>;

/** A workspace, a folder or a file: what grants and restrictions are on. */
export const resourceId = idOf("ws", "fld", "file").meta({ description: "`ws_…`, `fld_…` or `file_…`." });

/** One element of a token's restriction (RFC 9396, 2): only these actions, only there and below. */
const fileAccess = z
  .strictObject({
    type: z.literal("file_access").meta({ description: "The only type that there is (RFC 9396, 2.1)." }),
    actions: distinct(action, { min: 1, max: actions.length }).meta({
      description: "What the token may do there; each must be the caller's own.",
    }),
    workspace: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .meta({ description: "A workspace by its id or name; may be left out where an id says it." }),
    folder: z
      .string()
      .min(1)
      .max(1_026)
      .optional()
      .meta({ description: "A folder by its id, or its path in `workspace`, which is resolved once." }),
    file: id("file").optional().meta({ description: "A file by its id." }),
  })
  .refine(({ folder, file }) => folder === undefined || file === undefined, {
    message: "names a folder and a file; one element is about one of them",
  })
  .refine(({ workspace, folder, file }) => (workspace ?? folder ?? file) !== undefined, {
    message: "names no workspace, folder or file",
  })
  .meta({
    id: "FileAccess",
    anyOf: [{ required: ["workspace"] }, { required: ["folder"] }, { required: ["file"] }],
    not: { required: ["folder", "file"] },
  });
export type FileAccess = z.infer<typeof fileAccess>;

/** `authorization_details` as they come (RFC 9396). */
export const authorizationDetails = distinct(fileAccess, {
  ...{ min: 1, max: 20 },
  key: (detail) => JSON.stringify(detail),
}).meta({
  description:
    "Narrows to resources (RFC 9396): what isn't named is out of reach. What can't be understood, or is more than the caller has, is 400 `invalid_authorization_details`.",
});

/** The same as they were granted: bound by id. */
export const grantedDetail = z
  .object({
    type: z.literal("file_access").meta({ description: "The only type that there is." }),
    actions: z.array(action).meta({ description: "What may be done there, and below." }),
    workspace: id("ws").meta({ description: "The workspace, or the one that the folder or file is in." }),
    folder: id("fld").optional().meta({ description: "The folder, where it is one." }),
    file: id("file").optional().meta({ description: "The file, where it is one." }),
  })
  .meta({ id: "GrantedAccess" });
export type GrantedDetail = z.infer<typeof grantedDetail>;
