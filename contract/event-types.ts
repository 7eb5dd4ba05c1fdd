/** What each event type's `data` holds, with an example: the source of `GET /v1/webhooks/event-types`. */
import * as z from "zod";
import { disabledReason } from "#core/endpoints/contract.ts";
import { id, mismatch, orNull, at as when } from "./common.ts";
import { declaredType, nullableChecksums } from "./content.ts";
import { type Event, type EventType, event, eventTypes } from "./events.ts";
import { jsonSchema } from "./json-schema.ts";

interface TypeInfo {
  description: string;
  data: z.ZodObject;
  example: Pick<Event, "file_id" | "share_id" | "actor" | "data">;
}

const ULID = "01JZZZZZZZZZZZZZZZZZZZZZZZ";
const at = "2026-01-01T00:00:00.000Z";
const later = "2026-01-02T00:00:00.000Z";
const file_id = `file_${ULID}`;
const share_id = `shr_${ULID}`;
const folder_id = `fld_${ULID}`;
const version_id = `ver_${ULID}`;
const webhook_id = `hook_${ULID}`;
const client = { type: "client", id: `cli_${ULID}` } as const;
const system = { type: "system", id: "sweep" } as const;

const name = z.string().meta({ description: "The file's name without folders, at that moment." });
const folder = id("fld").meta({ description: "The folder that the file lies in." });
const size = z.int().meta({ description: "Bytes of the version." });
const current = id("ver").meta({ description: "The version that was current." });
const place = z.object({ name, folder_id: folder });
const perhapsDownloads = orNull(z.int(), "Downloads after which the link is used up; `null`: no limit.");

const lease = z.object({
  name,
  folder_id: folder,
  lock_id: id("lock"),
  holder: z
    .object({
      client_id: id("cli"),
      name: z.string().meta({ description: "`client` of the acquisition, else the API client's name." }),
    })
    .meta({ description: "Who has or had it." }),
  reason: z.string().optional().meta({ description: "Why, as its holder said." }),
  acquired_at: when("When the holding began"),
  expires_at: when("When the lease ends or was to end"),
  fencing_token: z.int().meta({ description: "The holding's number; grows with every grant and break." }),
});
const leased = {
  name: "q3.pdf",
  folder_id,
  lock_id: `lock_${ULID}`,
  holder: { client_id: `cli_${ULID}`, name: "ci" },
  acquired_at: at,
  expires_at: later,
  fencing_token: 7,
};

const types: Record<EventType, TypeInfo> = {
  upload_completed: {
    description: "A file, or a new version of one, is there and can be downloaded.",
    data: z.object({
      upload_id: id("upl"),
      file_id: id("file"),
      version_id: id("ver"),
      folder_id: folder,
      name,
      size,
      content_type: declaredType,
      ...nullableChecksums,
      mismatch: mismatch.optional(),
      share_id: orNull(id("shr"), "The link made with it; `null` where none was."),
      expires_at: orNull(z.iso.datetime(), "When that link expires; `null` where there is none."),
    }),
    example: {
      file_id,
      actor: client,
      data: {
        upload_id: `upl_${ULID}`,
        file_id,
        version_id,
        folder_id,
        name: "q3.pdf",
        size: 48_213,
        content_type: "application/pdf",
        crc32: "3610a686",
        share_id: null,
        expires_at: null,
      },
    },
  },
  upload_rejected: {
    description: "An upload's content is not what its name, type or checksum says; its bytes are gone.",
    data: z.object({
      upload_id: id("upl"),
      version_id: id("ver"),
      folder_id: folder.meta({
        description:
          "Where the file is; of a new one the folder that it was to be in, or the nearest above that there is.",
      }),
      name,
      size,
      reason: z
        .enum(["type_mismatch", "checksum_mismatch"])
        .meta({ description: "What differs: the kind of content, or its checksum." }),
      claimed: z.string().optional().meta({ description: "The type that name or declaration claim." }),
      algorithm: z.string().optional().meta({ description: "Of the checksum that differs." }),
      expected: z.string().optional().meta({ description: "The checksum that was declared." }),
      actual: z.string().optional().meta({ description: "What the content is, or its checksum." }),
    }),
    example: {
      file_id,
      actor: client,
      data: {
        upload_id: `upl_${ULID}`,
        version_id,
        folder_id,
        name: "q3.pdf",
        size: 512,
        reason: "type_mismatch",
        claimed: "application/pdf",
        actual: "script",
      },
    },
  },
  file_downloaded: {
    description: "A client asked for a file's content.",
    data: z.object({ name, size, version_id: id("ver") }),
    example: { file_id, actor: client, data: { name: "q3.pdf", size: 48_213, version_id } },
  },
  file_moved: {
    description: "A file has another name, another folder, or both.",
    data: z.object({
      from: place.meta({ description: "Where it was, and how it was named." }),
      to: place.meta({ description: "Where it is, and how it is named." }),
      mismatch: mismatch.optional(),
    }),
    example: {
      file_id,
      actor: client,
      data: { from: { name: "q3.pdf", folder_id }, to: { name: "q3-final.pdf", folder_id } },
    },
  },
  file_deleted: {
    description: "A file was deleted.",
    data: z.object({ name, folder_id: folder, size, version_id: current }),
    example: { file_id, actor: client, data: { name: "q3.pdf", folder_id, size: 48_213, version_id } },
  },
  link_created: {
    description: "A link to a file was made. Its token is never told.",
    data: z.object({
      expires_at: when("When it dies"),
      max_downloads: perhapsDownloads,
      has_password: z.boolean().meta({ description: "Whether it opens with a password only." }),
    }),
    example: {
      file_id,
      share_id,
      actor: client,
      data: { expires_at: later, max_downloads: 3, has_password: false },
    },
  },
  link_accessed: {
    description: "Somebody downloaded through a link.",
    data: z.object({ max_downloads: perhapsDownloads }),
    example: { file_id, share_id, actor: { type: "link", id: share_id }, data: { max_downloads: 3 } },
  },
  link_expired: {
    description: "A link has expired, at most two minutes ago.",
    data: z.object({
      expires_at: when("When it died"),
      downloads: z.int().meta({ description: "Downloads that counted in its life." }),
      max_downloads: perhapsDownloads,
    }),
    example: {
      file_id,
      share_id,
      actor: system,
      data: { expires_at: at, downloads: 2, max_downloads: 3 },
    },
  },
  lock_acquired: {
    description: "Somebody holds a file's lock.",
    data: lease,
    example: { file_id, actor: client, data: leased },
  },
  lock_released: {
    description: "A file's lock was given back.",
    data: lease,
    example: { file_id, actor: client, data: leased },
  },
  lock_expired: {
    description: "A file's lease ran out.",
    data: lease,
    example: { file_id, actor: { type: "system", id: "lease" }, data: leased },
  },
  lock_broken: {
    description: "Somebody with the right to do so broke another's lock.",
    data: lease.extend({
      break_reason: z.string().nullish().meta({ description: "Why, as whoever broke it said." }),
    }),
    example: { file_id, actor: client, data: { ...leased, break_reason: "the job is gone" } },
  },
  version_restored: {
    description: "An older version of a file is current again.",
    data: z.object({
      name,
      folder_id: folder,
      size,
      version_id: id("ver").meta({ description: "The new version, with the bytes of the older one." }),
      restored_from: id("ver").meta({ description: "The older version, which stays in the history." }),
      previous_version_id: id("ver").meta({ description: "The version that was current until then." }),
      mismatch: mismatch.optional(),
    }),
    example: {
      file_id,
      actor: client,
      data: {
        name: "q3.pdf",
        folder_id,
        size: 48_213,
        version_id,
        restored_from: "ver_01JYYYYYYYYYYYYYYYYYYYYYYY",
        previous_version_id: "ver_01JXXXXXXXXXXXXXXXXXXXXXXX",
      },
    },
  },
  webhook_failing: {
    description: "An endpoint has had no success for 24 or 72 hours; after 120 it is disabled.",
    data: z.object({
      webhook_id: id("hook"),
      failing_since: when("Its first failure since the last success"),
      failures: z.int().meta({ description: "Attempts that failed since then." }),
      warning_hours: z.int().meta({ description: "Which warning this is: that of 24 or of 72 hours." }),
      disabled_at_earliest: when("When it is disabled unless it succeeds before"),
    }),
    example: {
      actor: system,
      data: {
        webhook_id,
        failing_since: at,
        failures: 12,
        warning_hours: 24,
        disabled_at_earliest: "2026-01-06T00:00:00.000Z",
      },
    },
  },
  webhook_disabled: {
    description: "An endpoint gets no more deliveries. What it misses can be recovered for 7 days.",
    data: z.object({
      webhook_id: id("hook"),
      reason: disabledReason.meta({ description: "Why: see `disabled_reason` of the endpoint." }),
    }),
    example: { actor: { type: "system", id: "delivery" }, data: { webhook_id, reason: "gone" } },
  },
  webhook_test: {
    description: "Sent to one endpoint to try it: by its owner, or before it is enabled.",
    data: z.object({ webhook_id: id("hook") }),
    example: { actor: client, data: { webhook_id } },
  },
  ping: {
    description:
      "Sent to an endpoint's URL at once, whatever it subscribes to: one that answers with 2xx is verified.",
    data: z.object({ webhook_id: id("hook") }),
    example: { actor: client, data: { webhook_id } },
  },
};

/** The whole body of an event of this type. */
export function eventSchema(type: EventType) {
  const { description, data } = types[type];
  return event.extend({
    type: z.literal(type).meta({ description }),
    data: data.meta({ description: `What ${type} tells beside the members of every event.` }),
  });
}

/** Every type with its description, JSON Schema and example. */
export function eventCatalogue() {
  return eventTypes.map((type) => {
    const { description, example } = types[type];
    const { file_id, share_id, actor, data } = example;
    return {
      type,
      description,
      // As it is written, not as it is read: a schema that forbids members would refuse those that are yet to come.
      schema: jsonSchema(eventSchema(type), "input"),
      example: {
        id: `evt_${ULID}`,
        type,
        occurred_at: at,
        request_id: "ci-4711",
        workspace_id: `ws_${ULID}`,
        ...(file_id === undefined ? {} : { file_id }),
        ...(share_id === undefined ? {} : { share_id }),
        actor,
        data,
      } satisfies Event,
    };
  });
}
