import type { TableAccess } from "./grants.ts";

/**
 * What each function does with which partitions, no more: the local cloud refuses what is missing, and a test what is
 * unused. `deliver`, which talks to hosts that anybody may have named, reads and writes deliveries and their endpoints
 * alone, and what hosts are sent; the functions for waiters read no secret of webhooks or links.
 */
export const tableAccess = {
  api: {
    GetItem: [
      ...(["client", "workspaces", "workspaceNames", "folder", "node", "paths", "upload", "link"] as const),
      ...(["feed", "hooks", "hook", "deliveries", "settings", "lockCount", "sessionCount"] as const),
      "person",
    ],
    BatchGetItem: [
      ...(["client", "person", "group", "workspaces", "folder", "node", "paths", "upload", "link"] as const),
      ...(["event", "hook"] as const),
    ],
    Query: [
      ...(["client", "person", "group", "organization", "folder", "node", "feed", "hooks"] as const),
      ...(["deliveries", "attempts"] as const),
    ],
    PutItem: [
      ...(["client", "workspaces", "workspaceNames", "folder", "node", "paths", "upload", "link"] as const),
      ...(["idempotency", "event", "hooks", "hook", "deliveries", "attempts", "settings"] as const),
      ...(["reservations", "organization", "grant", "resourceGrants"] as const),
    ],
    UpdateItem: [
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
    DeleteItem: ["folder", "paths", "hooks", "hook"],
    ConditionCheckItem: ["folder", "node", "link"],
  },
  wait: {
    GetItem: ["lockCount"],
    BatchGetItem: ["client", "person", "group", "workspaces", "node"],
    Query: ["client", "person", "group"],
    PutItem: ["event", "idempotency"],
    UpdateItem: ["node", "idempotency", "places"],
  },
  events: {
    GetItem: ["node", "feed"],
    BatchGetItem: ["client", "person", "group", "workspaces", "node", "event"],
    Query: ["client", "person", "group", "organization", "feed"],
    UpdateItem: ["places"],
  },
  ingest: {
    GetItem: ["client", "person", "folder", "node", "upload", "settings"],
    BatchGetItem: ["folder", "node", "paths"],
    Query: ["folder", "node"],
    PutItem: ["folder", "node", "paths", "link", "event"],
    UpdateItem: ["node", "upload"],
    DeleteItem: ["node"],
    ConditionCheckItem: ["node"],
  },
  relay: { PutItem: ["feed"], UpdateItem: ["event", "feed"] },
  fanOut: {
    GetItem: ["node"],
    BatchGetItem: ["client", "person", "group", "workspaces", "node", "hooks", "hook", "deliveries"],
    Query: ["client", "person", "group", "hooks"],
    PutItem: ["deliveries"],
    UpdateItem: ["hook", "deliveries"],
  },
  deliver: {
    BatchGetItem: ["event", "hooks", "hook", "deliveries"],
    PutItem: ["event", "hook", "attempts"],
    UpdateItem: ["hooks", "hook", "hosts", "deliveries"],
  },
  sweep: {
    GetItem: ["hooks", "hook"],
    Query: ["hooks", "deliveries"],
    PutItem: ["event", "feed", "lockCount", "sessionCount"],
    UpdateItem: ["upload", "revocations", "node", "link", "event", "feed", "hooks", "hook", "deliveries"],
  },
} satisfies Record<string, TableAccess>;
