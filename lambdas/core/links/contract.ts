/** Shares: links to files that expire, for people and programs. */
import * as z from "zod";
import {
  at,
  clampedLink,
  DEFAULT_EXPIRE_IN,
  EXPIRE_IN_SAYS,
  expireIn,
  id,
  orNull,
  orTime,
  page,
  principal,
  wholeText,
  withoutNul,
} from "#contract/common.ts";
import { defineRoute } from "#contract/route.ts";

/** Seconds that the URL of S3 works to which a link leads. */
export const LINK_URL_SECONDS = 60;
/** Seconds from a counted download in which the same source may go on with it, and by how many ranges at most. */
export const LINK_RESUME_SECONDS = 3_600;
export const LINK_RANGES = 50;
const MAX_PASSWORD = 256;
/** Passwords that all sources of a link together may try at once; `first`: as many again, by sources that haven't yet. */
export const LINK_TRIES = { all: 100, first: 100, refillSeconds: 30 } as const;
/** How long it is kept what a source has tried, and that it had the right one. */
export const LINK_TRIES_KEPT_SECONDS = 86_400;

/** A link's password. scrypt pads its key with zeros (RFC 7914 by way of RFC 2104): with one more it would be the same. */
export const linkPassword = withoutNul(wholeText(z.string().min(1).max(MAX_PASSWORD))).meta({
  description: "Whoever opens the link must give it too; kept as a hash. None unless said.",
});

/** Downloads after which a link is used up. */
export const DOWNLOADS = { min: 1, max: 1_000_000 };
export const maxDownloads = z
  .int()
  .min(DOWNLOADS.min)
  .max(DOWNLOADS.max)
  .meta({ description: "Downloads after which the link is used up; unlimited unless said." });

/** What the page's form sends. */
export const unlockRequest = z.strictObject({
  // As it is typed: decomposed, a character may take four (UAX #15).
  password: withoutNul(wholeText(z.string().max(4 * MAX_PASSWORD)))
    .optional()
    .meta({ description: "Needed where the link has one." }),
});

export const shareState = z
  .enum(["active", "expired", "revoked", "used_up", "deleted"])
  .meta({ id: "ShareState" });
export type ShareState = z.infer<typeof shareState>;

const shareRequest = z.strictObject({
  expire_in: expireIn.optional().meta({
    description: `${EXPIRE_IN_SAYS}. Unless said ${DEFAULT_EXPIRE_IN} (a day), or what the policy says.`,
  }),
  max_downloads: maxDownloads.optional(),
  password: linkPassword.optional(),
});

export const share = z
  .object({
    share_id: id("shr"),
    file_id: id("file"),
    version_id: orNull(
      id("ver"),
      "The version that the link leads to, where a client without `files:read` made it; `null`: whatever is current.",
    ),
    share_url: z.string().meta({ description: "The link. Whoever has it can download the file." }),
    created_at: at("When it was made"),
    created_by: principal.meta({ description: "Who made it: a client or a person." }),
    managed_by: principal.optional().meta({
      description:
        "To whom it was handed over, who sees and revokes it in its maker's place; not there where that is nobody.",
    }),
    expires_at: orTime(
      "When it dies: a whole second, as URLs of S3 count, so up to a second before `expire_in` is over; `null`: never. By the policy of now it may be sooner than it was to be.",
    ),
    clamped: clampedLink.optional(),
    max_downloads: orNull(z.int(), "Downloads after which it is used up; `null`: no limit."),
    downloads: z.int().meta({ description: "Downloads that counted so far; views and HEADs don't." }),
    has_password: z.boolean().meta({ description: "Whether it opens with a password only." }),
    state: shareState.meta({
      description:
        "`active` works; `used_up`: all of `max_downloads` were made; `deleted`: the version that it is bound to is gone; the others lead nowhere either.",
    }),
  })
  .meta({ id: "Share" });
export type Share = z.infer<typeof share>;

const tag = "Shares";
const fileId = { id: id("file") };
const shareId = { id: id("shr") };
const example: Share = {
  share_id: "shr_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  file_id: "file_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  version_id: null,
  share_url: "https://files.example.com/s/AAAAAAAAAAAAAAAAAAAAAA",
  created_at: "2026-01-01T00:00:00.000Z",
  created_by: "cli_01JZZZZZZZZZZZZZZZZZZZZZZZ",
  expires_at: "2026-01-02T00:00:00.000Z",
  max_downloads: 3,
  downloads: 0,
  has_password: false,
  state: "active",
};

export const createShareRoute = defineRoute({
  id: "createShare",
  method: "POST",
  path: "/v1/files/{id}/shares",
  summary: "Make a link to a file",
  description:
    "The link leads to the file's current version, under the name that the file has by then. Made without `files:read` it is bound to the newest version that the client made itself, and goes by the name that this has as the link is made; such a client sees no other links.",
  tag,
  access: { action: "share", on: "link" },
  params: fileId,
  body: shareRequest,
  responses: { 201: { description: "The link works at once", schema: share } },
  errors: ["not_found", "not_a_file", "password_limit", "policy_denied"],
  example: { request: { expire_in: 86_400, max_downloads: 3 }, response: example },
});

export const listSharesRoute = defineRoute({
  id: "listShares",
  method: "GET",
  path: "/v1/files/{id}/shares",
  summary: "List a file's links, the newest first",
  description:
    "Links live on when their maker leaves, loses the file or is revoked: whoever may share the file lists somebody's here and revokes them. One that was handed over to who may not share the file is seen by its id alone.",
  tag,
  access: { action: "share", on: "link" },
  scopes: ["shares:read"],
  params: fileId,
  query: {
    ...page.query,
    created_by: principal.optional().meta({
      description: "Only links that this client or person made: a page can be short, or empty, and go on.",
    }),
  },
  responses: { 200: { description: "One page, strongly consistent", schema: page.of(share) } },
  errors: ["not_found", "not_a_file", "invalid_cursor"],
});

export const getShareRoute = defineRoute({
  id: "getShare",
  method: "GET",
  path: "/v1/shares/{id}",
  summary: "Get a link with its state and downloads",
  tag,
  access: { action: "share", on: "link" },
  scopes: ["shares:read"],
  params: shareId,
  responses: { 200: { description: "The link", schema: share } },
  errors: ["not_found"],
  example: { response: example },
});

export const revokeShareRoute = defineRoute({
  id: "revokeShare",
  method: "DELETE",
  path: "/v1/shares/{id}",
  summary: "Revoke a link; repeating it changes nothing",
  tag,
  access: { action: "share", on: "link" },
  params: shareId,
  responses: { 204: { description: "The link is dead" } },
  errors: ["not_found"],
});

const token = { token: z.string().meta({ description: "The link's secret: 128 bits, base64url." }) };
const ranged = {
  Range: z.string().optional().meta({
    description:
      "Send it to S3 along with the redirect; what begins past the first byte may not count. A limited link's URL for a range serves that range alone.",
  }),
  "If-Range": z.string().optional().meta({
    description:
      "Send it to S3 as well. Where it isn't the file's ETag, S3 answers with the whole file, which counts.",
  }),
};
const linkErrors = [
  ...(["wrong_password", "not_found", "link_gone", "rate_limited"] as const),
  ...(["password_limit", "conflict", "policy_denied"] as const),
];

export const openLinkRoute = defineRoute({
  id: "openLink",
  method: "GET",
  path: "/s/{token}",
  summary: "Open a link: a page for people, a redirect to the bytes for programs",
  description: `Browsers get a page, previews and scanners a smaller one that leads nowhere; neither counts. Programs, and whoever asks with \`?download=1\`, get a redirect to S3 with a URL that works for ${LINK_URL_SECONDS} s and never longer than the link, and count as a download. A HEAD counts nothing, and a browser's prefetch of \`?download=1\` gets 204. Ranges past the first byte go on with a download that the same address began: ${LINK_RANGES} at most within ${LINK_RESUME_SECONDS / 60} minutes, not counted.`,
  tag: "Links",
  access: { public: "the link's secret is all that a recipient needs" },
  params: token,
  query: {
    download: z
      .literal("1", { error: "must be 1, or left out for the page" })
      .optional()
      .meta({ description: "`1`: the bytes for browsers too, which get a page otherwise." }),
  },
  headers: {
    "X-Share-Password": z
      .string()
      .max(MAX_PASSWORD)
      .optional()
      .meta({ description: "The link's password, where it has one, in ASCII; POST takes any." }),
    ...ranged,
  },
  responses: {
    200: { description: "The page", type: "text/html", schema: z.string() },
    204: { description: "A prefetch of `?download=1`" },
    302: { description: "Where the bytes are", headers: { Location: "A presigned URL of S3." } },
  },
  errors: [...linkErrors, "invalid_request"],
  errorPages: true,
});

export const unlockLinkRoute = defineRoute({
  id: "unlockLink",
  method: "POST",
  path: "/s/{token}",
  summary: "Download, with a password where there is one, as the page's form does",
  description: `Counts as a download. Browsers get a page that starts it, and other sites' forms are led to the link's own page. After 5 wrong passwords each further try from the same address (IPv6: the same /64) has to wait: 5 s, then twice as long each time, up to 15 minutes. All addresses together have ${LINK_TRIES.all} tries that come back at one each ${LINK_TRIES.refillSeconds} s, and ${LINK_TRIES.first} more for those that haven't tried yet; an address that had the right one within a day needs none of them. Retry-After of a 429 says how long to wait. 429 \`password_limit\`: as many passwords are being checked as can be at the same time, and this one was neither checked nor counted.`,
  tag: "Links",
  access: { public: "the link's secret is all that a recipient needs" },
  params: token,
  body: unlockRequest,
  headers: ranged,
  bodyType: "application/x-www-form-urlencoded",
  idempotency: "natural",
  responses: {
    200: {
      description: "For browsers: a page that starts the download",
      type: "text/html",
      schema: z.string(),
    },
    303: { description: "Where the bytes are", headers: { Location: "A presigned URL of S3." } },
  },
  errors: [...linkErrors, "invalid_request", "unknown_field", "unsupported_media_type", "payload_too_large"],
  errorPages: true,
});
