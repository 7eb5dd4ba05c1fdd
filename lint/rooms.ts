/**
 * The rooms of `lambdas/core/`, in the one order in which they may import: each from those above it, none from below.
 * A room that is missing here, or a file outside all rooms, is refused by `npm run check`.
 */
export const ROOMS = [
  /** An organization's rules: pure functions of a policy and an act. */
  "policy",
  /** What all rooms stand on: calls, errors, ids, times, pages, the outbox, what is due, places that are few. */
  "kernel",
  /** Who may do what, and where that stands: the one decision. */
  "access",
  /** Workspaces: made, named, changed, listed, deleted. */
  "workspaces",
  /** Clients and persons, their secrets, keys and tokens. */
  "accounts",
  /** Groups: many that are granted something together. */
  "groups",
  /** Organizations and their members. */
  "organizations",
  /** Policies: set, shown, tried. */
  "policies",
  /** What bytes are, by their beginning, checksum and name. */
  "content",
  /** What stands where: paths and what they lead to, folders made on the way, how far down they reach. */
  "tree",
  /** Files: found, listed, moved, downloaded, removed. */
  "files",
  /** Folders as things of their own, and what stands at a path. */
  "folders",
  /** Who was granted what: given, listed, ended; and what that makes of somebody's rights. */
  "grants",
  /** How a person with an address becomes a member: invited, accepted. */
  "invitations",
  /** A file's versions: listed, restored, removed, kept for some time. */
  "versions",
  /** What was deleted: listed, restored, purged. */
  "trash",
  /** Leases on files, and who waits for one. */
  "locks",
  /** Links that expire: made, opened, counted, guessed at. */
  "links",
  /** Sessions: begun, their parts signed, seen, given up. */
  "uploads",
  /** How a session becomes a version. */
  "finalize",
  /** A file again, elsewhere, without its bytes being sent. */
  "copies",
  /** Many of these in one request, each by itself. */
  "batches",
  /** The way of events from the outbox to the bus and into a workspace's log. */
  "events",
  /** Requests to addresses that others choose. */
  "outbound",
  /** One request to an endpoint: when, signed how, and what its answer means. */
  "attempts",
  /** Whose turn it is: rates, hosts' shares, the breaker. */
  "turns",
  /** Endpoints: registered, verified, changed, disabled. */
  "endpoints",
  /** An event's way to each endpoint that wants it, until it has arrived or ended. */
  "delivery",
  /** What is handed over to others: offered, seen, claimed, withdrawn. */
  "transfers",
  /** What a revoked client leaves behind, and a purged organization. */
  "revocation",
] as const;
