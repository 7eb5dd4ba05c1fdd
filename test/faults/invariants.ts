/** What holds at the end of every story, whatever went wrong in it. */
import * as z from "zod";
import { keys, under } from "#aws/keys.ts";
import { type EventType, event } from "#contract/events.ts";
import { grantRecord } from "#core/access/records.ts";
import { clientRecord } from "#core/accounts/records.ts";
import { deliveryRecord, hookRecord, hookState } from "#core/attempts/records.ts";
import { feedEntry, feedHead } from "#core/events/records.ts";
import { fileRecord, versionRecord } from "#core/files/records.ts";
import { EVENT_KEEP_MS } from "#core/kernel/outbox.ts";
import { linkRecord } from "#core/links/records.ts";
import { entryRecord } from "#core/tree/records.ts";
import { takenUntil } from "#core/turns/slots.ts";
import { uploadRecord } from "#core/uploads/records.ts";
import { unruly } from "./arrivals.ts";
import { kindOf } from "./calls.ts";
import { unshared } from "./host-rate.ts";
import { type Keyed, leftovers, type Of } from "./leftovers.ts";
import type { Stage } from "./stage.ts";
import { isGone, lasted, MINUTE } from "./time.ts";
import { misplaced } from "./tree.ts";

const keyed = z.looseObject({ pk: z.string(), sk: z.string() });

/** As the keys are built, so that one that is renamed doesn't leave a check without what it checks. */
const checkedKinds = [
  keys.client("c"),
  keys.delivery("h", "d"),
  keys.feedEntry("w", 1),
  keys.feedHead("w"),
  keys.grant("g"),
  keys.resourceGrant("w", "g"),
  keys.hook("h"),
  keys.hookCount("c"),
  keys.hookState("h"),
  keys.link("t"),
  keys.node("n"),
  keys.upload("u"),
  keys.version("f", "v"),
].map(kindOf);

/** Says what doesn't hold; nothing where all does. */
export async function violations(stage: Stage): Promise<string[]> {
  const items = (await stage.world.dump()).filter((item) => !isGone(item)).map((item) => keyed.parse(item));
  const of = <T>(kind: string, schema: z.ZodType<T>) => {
    if (!checkedKinds.includes(kind)) throw new Error(`no key is a ${kind}: test/faults/invariants.ts`);
    return items
      .filter((item) => kindOf(item) === kind)
      .map((item) => ({ ...schema.parse(item), key: item }));
  };
  return [
    ...(await bytes(stage, of)),
    ...holds(of, items),
    ...refusals(of, items),
    ...places(items),
    ...ends(items),
    ...names(of, items),
    ...misplaced(items),
    ...sessions(of),
    ...feed(of, items),
    ...(await overdue(stage)),
    ...endpoints(of),
    ...told(of, items),
    ...links(of),
    ...leases(items),
    ...grants(of, items),
    ...unruly(stage.log),
    ...unshared(stage.log),
    ...(await leftovers(stage, of, items)),
  ];
}

/** No bytes are missing that a version names, and none are left that nothing names. */
async function bytes(stage: Stage, of: Of): Promise<string[]> {
  const objects = new Map((await stage.objects()).map(({ key, size }) => [key, size]));
  const named = of("NODE.VER", versionRecord).filter(({ state }) => state === "ready");
  const files = of("NODE", z.looseObject({ kind: z.string() })).filter(({ kind }) => kind === "file");
  const missing = named
    .filter(({ object_key, size }) => objects.get(object_key) !== size)
    .map(({ version_id, object_key }) => `${version_id} names ${object_key}, which isn't there in its size`);
  const keysNamed = new Set(named.map(({ object_key }) => object_key));
  const astray = files
    .map(({ key }) => fileRecord.parse(key))
    .filter(({ deleted_at, object_key }) => deleted_at === undefined && !keysNamed.has(object_key))
    .map(({ node_id, object_key }) => `${node_id} is ${object_key}, which no version names`);
  const orphans = [...objects.keys()].filter((key) => !keysNamed.has(key));
  const open = of("UPL", uploadRecord).filter(({ state }) => state === "open" || state === "finalizing");
  return [
    ...missing,
    ...astray,
    ...orphans
      .filter((key) => !open.some(({ object_key }) => object_key === key))
      .map((key) => `nothing names the bytes of ${key}`),
  ];
}

/**
 * Who shares bytes holds them, and nobody else does. Of a file that has shared some, all versions do that name them: else
 * one of those would take them from the others.
 */
function holds(of: Of, items: readonly Keyed[]): string[] {
  const named = of("NODE.VER", versionRecord).filter(({ state }) => state === "ready");
  const spot = ({ pk, sk }: { pk: string; sk: string }) => `${pk} ${sk}`;
  const held = items.filter((item) => item.pk.startsWith(keys.hold("", "").pk)).map(spot);
  const shared = named.filter((one) => one.shared);
  const due = shared.map((one) => spot(keys.hold(one.object_key, one.version_id)));
  const copied = new Set(named.filter((one) => one.copied_from !== undefined).map((one) => one.object_key));
  return [
    ...held.filter((one) => !due.includes(one)).map((one) => `${one} is held for no version`),
    ...due.filter((one) => !held.includes(one)).map((one) => `${one} is shared and not held`),
    ...named
      .filter((one) => copied.has(one.object_key) && !one.shared)
      .map(({ version_id }) => `${version_id} has bytes that were copied, and doesn't know`),
  ];
}

const holderOf = z.object({
  pk: z.string(),
  sk: z.literal(keys.client("").sk),
  grants: z.record(z.string(), z.unknown()),
});

/** What somebody holds, and what is listed on a resource, is a grant that lives, and each has one copy. */
function grants(of: Of, items: readonly Keyed[]): string[] {
  const live = new Set(
    of(kindOf(keys.grant("g")), grantRecord)
      .filter(({ ended_at }) => ended_at === undefined)
      .map(({ grant_id }) => grant_id),
  );
  const listed = items.filter(({ pk, sk }) => pk.startsWith("GRANTS#") && sk.startsWith("grt_"));
  const inRecords = items.flatMap((item) => Object.keys(holderOf.safeParse(item).data?.grants ?? {}));
  const further = items
    .filter(({ sk }) => sk.startsWith(under.furtherGrants))
    .map((item) => item["grant_id"]);
  const held = [...inRecords, ...further].map(String);
  return [
    ...held.filter((id) => !live.has(id)).map((id) => `${id} is held and has ended`),
    ...listed.filter(({ sk }) => !live.has(sk)).map(({ sk }) => `${sk} is listed and has ended`),
    ...[...live]
      .filter((id) => !listed.some(({ sk }) => sk === id))
      .map((id) => `${id} lives and is not listed`),
    ...held.filter((id, at) => held.indexOf(id) !== at).map((id) => `${id} is held twice`),
  ];
}

/** What was refused keeps nothing of its client's, and its folder hears of it. */
function refusals(of: Of, items: readonly Keyed[]): string[] {
  const kept = of("NODE.VER", versionRecord).filter(
    ({ state, metadata }) => state === "rejected" && metadata !== undefined,
  );
  const untold = items
    .filter(({ pk }) => pk.startsWith("EVT#"))
    .map((item) => event.parse(JSON.parse(String(item["body"]))))
    .filter(({ type, data }) => type === "upload_rejected" && data["folder_id"] === undefined);
  return [
    ...kept.map(({ version_id }) => `${version_id} was refused and has metadata`),
    ...untold.map(({ id }) => `${id} tells of a refusal in no folder`),
  ];
}

/** What ends by itself is told of as of then, whenever somebody notices: before what follows. */
function ends(items: readonly Keyed[]): string[] {
  return items
    .filter(({ pk }) => pk.startsWith("EVT#"))
    .map((item) => event.parse(JSON.parse(String(item["body"]))))
    .filter(({ type, occurred_at, data }) => /_expired$/.test(type) && occurred_at !== data["expires_at"])
    .map(({ type, id, occurred_at }) => `${type} ${id} tells of an end at ${occurred_at}, which was another`);
}

/** Events that name the folder in which their file is by then. */
const IN_PLACE: ReadonlySet<EventType> = new Set([
  "upload_completed",
  "version_restored",
  "file_changed",
  "file_copied",
]);

const ELSEWHERE = "another workspace";
const moved = z.object({ to: z.object({ folder_id: z.string() }).nullable() });

/** What a workspace is told of a file after it was moved names the folder that it is in; nothing, after it has left. */
function places(items: readonly Keyed[]): string[] {
  const told = items
    .filter(({ pk, seq }) => pk.startsWith("EVT#") && seq !== undefined)
    .sort((a, b) => Number(a["seq"]) - Number(b["seq"]))
    .map((item) => event.parse(JSON.parse(String(item["body"]))));
  const folders = new Map<string, string>();
  const wrong: string[] = [];
  for (const { type, id, file_id = "", workspace_id, data } of told) {
    const itsLog = `${workspace_id} ${file_id}`;
    if (type === "file_moved") folders.set(itsLog, moved.parse(data).to?.folder_id ?? ELSEWHERE);
    if (type === "link_accessed" && folders.get(itsLog) === ELSEWHERE)
      wrong.push(`${type} ${id} tells ${workspace_id} of ${file_id}, which is in ${ELSEWHERE}`);
    const is = folders.get(itsLog) ?? data["folder_id"];
    if (IN_PLACE.has(type) && data["folder_id"] !== is)
      wrong.push(`${type} ${id} tells of ${data["folder_id"]}, and ${file_id} is in ${is}`);
  }
  return wrong;
}

/** A name leads to one file, and a file that isn't deleted has one name. */
function names(of: Of, items: readonly Keyed[]): string[] {
  const nodes = new Map(
    items.filter((item) => kindOf(item) === "NODE").map((item) => [item.pk.slice(5), item]),
  );
  const entries = items
    .filter(({ pk }) => pk.startsWith("DIR#"))
    .map((key) => ({ ...entryRecord.parse(key), folder: key.pk.slice(4) }));
  const wrong = entries.flatMap(({ folder, sk, node_id }) => {
    const node = nodes.get(node_id);
    if (node === undefined) return [`the name ${sk} leads to ${node_id}, which isn't there`];
    if (node["deleted_at"] !== undefined) return [`the name ${sk} leads to ${node_id}, which is deleted`];
    const parent = node["kind"] === "file" ? node["folder_id"] : node["parent_id"];
    if (node["name"] === sk && parent === folder) return [];
    return [`the name ${sk} of ${folder} leads to ${node_id}, which is ${node["name"]} of ${parent}`];
  });
  const listed = new Set(entries.map(({ node_id }) => node_id));
  const nameless = [...nodes].filter(
    ([id, { kind, deleted_at, parent_id }]) =>
      deleted_at === undefined && !listed.has(id) && (kind === "file" || (parent_id ?? null) !== null),
  );
  const versions = new Set(
    of("NODE.VER", versionRecord).map(({ file_id, version_id }) => `${file_id} ${version_id}`),
  );
  const lost = [...nodes].filter(
    ([id, node]) =>
      node["kind"] === "file" &&
      node["deleted_at"] === undefined &&
      !versions.has(`${id} ${node["version_id"]}`),
  );
  return [
    ...wrong,
    ...nameless.map(([id, { name }]) => `no name leads to ${id} (${name})`),
    ...lost.map(([id]) => `the current version of ${id} isn't there`),
  ];
}

/** No session is left in the middle. */
function sessions(of: Of): string[] {
  const all = of("UPL", uploadRecord);
  return all
    .filter(
      ({ state, expires_ms }) =>
        state === "finalizing" || (state === "open" && expires_ms < Date.now() - 5 * MINUTE),
    )
    .map(({ upload_id, state }) => `${upload_id} is ${state}`);
}

/** Each event has one place in its workspace's log, and the places have no gap; the first of them expire. */
function feed(of: Of, items: readonly Keyed[]): string[] {
  const places = of("FEED.SEQ", feedEntry).map((one) => ({ ...one, workspace: one.key.pk.slice(5) }));
  const heads = of("FEED", feedHead).map(({ key, seq }) => ({ workspace: key.pk.slice(5), seq }));
  const told = new Map(
    items.filter(({ pk }) => pk.startsWith("EVT#")).map((item) => [item.pk.slice(4), item]),
  );
  const found: string[] = [];
  for (const [workspace, group] of Map.groupBy(places, (one) => one.workspace)) {
    const order = group.map(({ seq }) => seq).sort((a, b) => a - b);
    const head = heads.find((one) => one.workspace === workspace)?.seq;
    const first = lasted() > EVENT_KEEP_MS ? (order[0] ?? 1) : 1;
    if (order.some((seq, index) => seq !== first + index) || head !== first + order.length - 1)
      found.push(`the log of ${workspace} has ${order.join(" ")} and its head says ${head}`);
  }
  for (const { seq, event_id, type } of places) {
    const item = told.get(event_id);
    if (item === undefined) found.push(`place ${seq} is of ${event_id}, which isn't there`);
    else if (item["seq"] !== seq)
      found.push(`place ${seq} is of ${type} ${event_id}, which says ${item["seq"]}`);
  }
  const placed = new Set(places.map(({ event_id }) => event_id));
  for (const [id, item] of told) {
    if (!placed.has(id)) found.push(`${String(item["type"])} ${id} has no place in the log`);
    else event.parse(JSON.parse(String(item["body"])));
  }
  return found;
}

/** Nothing waits for a sweep that has run. */
async function overdue(stage: Stage): Promise<string[]> {
  const late = [...(await stage.dueTimes())].filter(([, at]) => at < Date.now() - 5 * MINUTE);
  return late.map(([kind, at]) => `a ${kind} has been due since ${new Date(at).toISOString()}`);
}

/**
 * Deliveries have ended, each slot was given back (none had to end by itself: no worker dies in a story), and what
 * counts endpoints counts right.
 */
function endpoints(of: Of): string[] {
  const hooks = of("HOOKS", z.looseObject({})).map(({ key }) => hookRecord.parse(key));
  const open = of("DLV", deliveryRecord).filter(({ status }) => status === "pending");
  const taken = of("HOOK.STATE", hookState).flatMap(({ key }) =>
    Object.keys(key)
      .filter((name) => /^slot_|^probe_until/.test(name))
      .map((name) => ({ name, until: takenUntil(key, name) }))
      .filter(({ until }) => until > 0),
  );
  const counted = of("CLIENT.HOOKS", z.object({ pk: z.string(), endpoints: z.number().optional() })).filter(
    ({ pk, endpoints }) => hooks.filter(({ client_id }) => `CLIENT#${client_id}` === pk).length !== endpoints,
  );
  return [
    ...open.map(
      ({ delivery_id, next_ms }) => `${delivery_id} is pending, due at ${new Date(next_ms).toISOString()}`,
    ),
    ...taken.map(({ name, until }) => `${name} was never given back: ${new Date(until).toISOString()}`),
    ...counted.map(({ pk, endpoints }) => `${pk} counts ${endpoints} endpoints and has another number`),
  ];
}

/** About no file, and so in no folder. */
const OF_ENDPOINTS: readonly EventType[] = ["webhook_failing", "webhook_disabled"];

/**
 * An endpoint has one delivery of each event since it was made that it wants, whatever became of it. That of a client
 * that is revoked has none of what has happened since, and may have none of what was still on its way.
 */
function told(of: Of, items: readonly Keyed[]): string[] {
  const rows = of("DLV", deliveryRecord).map(({ webhook_id, event_id }) => `${webhook_id} ${event_id}`);
  const revoked = new Map(
    of("CLIENT", clientRecord).map(({ client_id, revoked_at }) => [client_id, revoked_at]),
  );
  const events = items
    .filter(({ pk }) => pk.startsWith("EVT#"))
    .map((item) => event.parse(JSON.parse(String(item["body"]))));
  return of("HOOKS", z.looseObject({})).flatMap(({ key }) => {
    const hook = hookRecord.parse(key);
    const until = revoked.get(hook.client_id);
    const allowed = (occurredAt: string) => (until === undefined ? [1] : occurredAt > until ? [0] : [0, 1]);
    return events
      .filter(
        ({ type, occurred_at, data, workspace_id }) =>
          (hook.events.includes("*") || hook.events.includes(type)) &&
          workspace_id === hook.workspace_id &&
          occurred_at > hook.created_at &&
          data["webhook_id"] !== hook.webhook_id &&
          (hook.folders.length === 0 || OF_ENDPOINTS.includes(type)),
      )
      .map((one) => ({ ...one, times: rows.filter((row) => row === `${hook.webhook_id} ${one.id}`).length }))
      .filter(({ times, occurred_at }) => !allowed(occurred_at).includes(times))
      .map(({ type, id, times }) => `${hook.webhook_id} has ${times} deliveries of ${type} ${id}`);
  });
}

/** No link has given more than it may. */
function links(of: Of): string[] {
  return of("LINK", linkRecord)
    .filter(({ downloads, max_downloads }) => max_downloads !== undefined && downloads > max_downloads)
    .map(
      ({ share_id, downloads, max_downloads }) =>
        `${share_id} gave ${downloads} of ${max_downloads} downloads`,
    );
}

/** Nobody waits, hashes or tests any more, and no lock outlives its end. */
function leases(items: readonly Keyed[]): string[] {
  const held = items
    .filter((item) => kindOf(item) === "NODE" && item["kind"] === "file" && item["lock"] !== undefined)
    .map((item) => fileRecord.parse(item))
    .filter(({ lock }) => (lock?.expires_ms ?? 0) < Date.now() - 5 * MINUTE);
  return held.map(({ node_id }) => `${node_id} has a lock that is over`);
}
