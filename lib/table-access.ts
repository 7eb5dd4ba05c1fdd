import type { TableAccess } from "./grants.ts";

/**
 * What each function does with which partitions, no more: the local cloud refuses what is missing, and a test what is
 * unused. `deliver`, which talks to hosts that anybody may have named, reads and writes deliveries and their endpoints
 * alone, and what hosts are sent; the functions for waiters read no secret of webhooks or links.
 */
export const tableAccess = {
  api: {
    GetItem: [
      ...(["person", "organization", "grant", "invitation", "transfer", "revocations"] as const),
      ...(["client", "workspaces", "workspaceNames", "folder", "node", "paths", "upload", "link"] as const),
      ...(["feed", "hooks", "hook", "deliveries", "settings", "lockCount", "sessionCount"] as const),
    ],
    BatchGetItem: [
      ...(["client", "person", "group", "organization", "grant", "invitation", "emailAddresses"] as const),
      ...(["workspaces", "folder", "node", "paths", "upload", "link", "event", "hook", "hooks"] as const),
      ...(["transfer", "transfers"] as const),
    ],
    Query: [
      ...(["client", "person", "group", "organization", "resourceGrants", "progeny"] as const),
      ...(["workspaceNames", "folder", "node", "feed", "hooks", "deliveries", "attempts", "trash"] as const),
      ...(["transfers", "policies"] as const),
    ],
    PutItem: [
      ...(["person", "group", "organization", "organizations"] as const),
      ...(["grant", "resourceGrants", "progeny", "clients", "invitation"] as const),
      ...(["client", "workspaces", "workspaceNames", "folder", "node", "paths", "upload", "link"] as const),
      ...(["idempotency", "event", "hooks", "hook", "deliveries", "attempts", "settings"] as const),
      ...(["reservations", "trash", "holds", "transfer", "transfers"] as const),
      "policies",
    ],
    UpdateItem: [
      ...(["person", "group", "organization", "grant", "workspaces", "revocations"] as const),
      ...(["invitation", "transfer"] as const),
      ...([
        "client",
        "node",
        "upload",
        "link",
        "idempotency",
        "hooks",
        "hook",
        "hosts",
        "deliveries",
      ] as const),
      "places",
    ],
    DeleteItem: [
      ...(["client", "person", "group", "organization", "resourceGrants"] as const),
      ...(["progeny", "workspaceNames"] as const),
      ...(["folder", "paths", "hooks", "hook", "trash", "transfers"] as const),
    ],
    ConditionCheckItem: [
      ...(["client", "person", "group", "organization", "grant"] as const),
      ...(["folder", "node", "link", "workspaces"] as const),
    ],
  },
  wait: {
    GetItem: ["lockCount"],
    BatchGetItem: ["client", "person", "group", "organization", "workspaces", "node"],
    // Beside the caller's own grants: who could give those that it lacks.
    Query: ["client", "person", "group", "organization", "resourceGrants"],
    PutItem: ["event", "idempotency"],
    UpdateItem: ["node", "idempotency", "places"],
  },
  events: {
    GetItem: ["node", "feed"],
    BatchGetItem: ["client", "person", "group", "organization", "workspaces", "event"],
    Query: ["client", "person", "group", "organization", "feed"],
    UpdateItem: ["places"],
  },
  ingest: {
    GetItem: ["client", "person", "folder", "node", "upload", "settings", "workspaces"],
    // Of whoever started what a form has brought: what it may do now.
    BatchGetItem: [
      ...(["client", "person", "group", "organization", "workspaces", "folder", "node", "paths"] as const),
    ],
    // Who else has the bytes of a version that is purged.
    Query: ["client", "person", "group", "folder", "node", "holds"],
    PutItem: ["folder", "node", "paths", "link", "event"],
    UpdateItem: ["node", "upload"],
    DeleteItem: ["node", "holds"],
    ConditionCheckItem: ["node", "holds"],
  },
  relay: { PutItem: ["feed"], UpdateItem: ["event", "feed"] },
  fanOut: {
    GetItem: ["node"],
    BatchGetItem: [
      ...(["client", "person", "group", "organization", "workspaces"] as const),
      ...(["node", "hooks", "hook", "deliveries"] as const),
    ],
    Query: ["client", "person", "group", "hooks"],
    PutItem: ["event", "deliveries"],
    // Endpoints' records themselves where nothing is left for them to hear.
    UpdateItem: ["hooks", "hook", "deliveries"],
  },
  deliver: {
    BatchGetItem: ["event", "hooks", "hook", "deliveries"],
    PutItem: ["event", "hook", "attempts"],
    UpdateItem: ["hooks", "hook", "hosts", "deliveries"],
  },
  sweep: {
    GetItem: [
      ...(["hooks", "hook", "client", "person", "group", "grant", "invitation"] as const),
      ...(["transfer", "revocations"] as const),
      // Of what is from before there were organizations.
      ...(["organization", "workspaces", "workspaceNames", "migration"] as const),
    ],
    // Of grants that have expired, and of clients, keys and what they made.
    BatchGetItem: [
      ...(["client", "person", "group", "organization", "grant", "node", "workspaces", "folder"] as const),
    ],
    Query: [
      ...(["hooks", "deliveries", "progeny", "clients", "workspaces", "workspaceNames", "folder"] as const),
      // Grants on a purged workspace, and what is in a purged organization, or was in one that is another's now.
      ...(["resourceGrants", "organization", "group", "client", "person"] as const),
    ],
    PutItem: [
      ...(["event", "feed", "lockCount", "sessionCount", "migration"] as const),
      ...(["client", "organization", "organizations", "grant", "resourceGrants"] as const),
      ...(["trash", "folder", "paths"] as const),
    ],
    ConditionCheckItem: ["node"],
    UpdateItem: [
      ...(["client", "person", "group", "organization", "grant", "workspaces", "migration"] as const),
      ...(["invitation", "transfer"] as const),
      ...(["upload", "revocations", "node", "link", "event", "feed", "hooks", "hook", "deliveries"] as const),
    ],
    DeleteItem: [
      ...(["client", "person", "group", "organization", "resourceGrants", "progeny"] as const),
      // Names in purged folders, and what the trash lists.
      ...(["folder", "paths", "trash"] as const),
      ...(["workspaceNames", "transfers"] as const),
    ],
  },
} satisfies Record<string, TableAccess>;
