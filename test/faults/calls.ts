/** Every AWS call of one environment, by the place in `lambdas/core` that makes it. */
import type { Bus } from "#aws/events.ts";
import type { Key } from "#aws/keys.ts";
import type { Objects } from "#aws/objects.ts";
import type { Queues } from "#aws/queues.ts";
import type { QueryInput, Table, Write } from "#aws/table.ts";

export interface Made {
  /** `finalize-upload: update UPL`: the same in each run of a situation. */
  label: string;
  /** Counts calls of this label, from 1. */
  nth: number;
  writes: boolean;
  /** Whether it may be answered as it was a moment ago, so that all its label's calls are. */
  mayBeOld?: boolean;
  /** As the AWS port names it; none where messages and events wait in memory. */
  action?: string;
  /** Stands in the request on the wire. */
  needle: string;
  /** `finalize/commit-upload.ts:92` */
  site: string;
  /** Functions of `lambdas/core` that were under way, `finalize/commit-upload.ts commitUpload`. */
  under: string[];
}

/** What stands between an environment and AWS: makes the call by `send`, or does something about it. */
export type Between = <T>(made: Omit<Made, "nth">, send: () => Promise<T>) => Promise<T>;

interface Reach {
  table: Table;
  objects: Objects;
  queues: Queues;
  bus: Bus;
}

/** The same, with each call told of. */
export function watched<D extends Reach>(deps: D, between: Between): D {
  function through<T>(
    what: { writes: boolean; action?: string; target: string; needle?: string; mayBeOld?: boolean },
    send: () => Promise<T>,
  ): Promise<T> {
    const { site, under } = whoCalls();
    const { writes, action, target, needle = "", mayBeOld = false } = what;
    const label = `${site.replace(/^.*\/|\.ts:.*/g, "")}: ${target}`;
    return between({ label, writes, mayBeOld, needle, site, under, ...(action && { action }) }, send);
  }
  const { table, objects, queues, bus } = deps;
  const read = { writes: false };
  const written = { writes: true };
  return {
    ...deps,
    table: {
      ...table,
      get: (schema, key, options) =>
        through({ ...read, target: `get ${kindOf(key)}`, ...ageOf("GetItem", key.pk, options) }, () =>
          table.get(schema, key, options),
        ),
      batchGet: (all) => through({ ...read, target: `get ${kindsOf(all)}` }, () => table.batchGet(all)),
      query: (input) =>
        through(
          {
            ...read,
            target: `query ${queried(input.values)}`,
            ...ageOf("Query", partitionsOf(input), input),
          },
          () => table.query(input),
        ),
      put: (write) =>
        through(
          { ...written, action: "PutItem", target: `put ${kindOf(write.put)}`, needle: write.put.pk },
          () => table.put(write),
        ),
      add: (item) =>
        through({ ...written, action: "PutItem", target: `put ${kindOf(item)}`, needle: item.pk }, () =>
          table.add(item),
        ),
      isThere: (key) =>
        through({ ...read, action: "TransactGetItems", target: `get ${kindOf(key)}`, needle: key.pk }, () =>
          table.isThere(key),
        ),
      update: (write) =>
        through(
          { ...written, action: "UpdateItem", target: `update ${kindOf(write.key)}`, needle: write.key.pk },
          () => table.update(write),
        ),
      remove: (write) =>
        through(
          {
            ...written,
            action: "DeleteItem",
            target: `remove ${kindOf(write.remove)}`,
            needle: write.remove.pk,
          },
          () => table.remove(write),
        ),
      transact: (writes) => {
        const all = writes.map(keyOf);
        const first = all[0]?.pk ?? "";
        return through(
          { ...written, action: "TransactWriteItems", target: `transact ${kindsOf(all)}`, needle: first },
          () => table.transact(writes),
        );
      },
    } satisfies Table,
    objects: {
      ...objects,
      listParts: (...given) => through({ ...read, target: "ListParts" }, () => objects.listParts(...given)),
      head: (key) => through({ ...read, target: "HeadObject" }, () => objects.head(key)),
      readPrefix: (...given) => through({ ...read, target: "GetObject" }, () => objects.readPrefix(...given)),
      createMultipart: (...given) =>
        through(onObject("CreateMultipartUpload", given[0]), () => objects.createMultipart(...given)),
      copyPart: (to, from) => through(onObject("UploadPartCopy", to.key), () => objects.copyPart(to, from)),
      complete: (...given) =>
        through(onObject("CompleteMultipartUpload", given[0]), () => objects.complete(...given)),
      abort: (...given) => through(onObject("AbortMultipartUpload", given[0]), () => objects.abort(...given)),
      put: (...given) => through(onObject("PutObject", given[0]), () => objects.put(...given)),
      remove: (key) => through(onObject("DeleteObject", key), () => objects.remove(key)),
    } satisfies Objects,
    queues: {
      send: (lane, messages, ...rest) =>
        messages.length === 0
          ? Promise.resolve()
          : through({ ...written, target: `send ${lane}` }, () => queues.send(lane, messages, ...rest)),
    },
    bus: { publish: (events) => through({ ...written, target: "PutEvents" }, () => bus.publish(events)) },
  };
}

/**
 * Whether a read may be old: of an index always, of the table where it doesn't ask for the last word. Source: Amazon
 * DynamoDB Developer Guide, "DynamoDB read consistency".
 */
function ageOf(
  action: string,
  needle: string,
  { index, consistent = true }: Pick<QueryInput, "index" | "consistent"> = {},
) {
  return index === undefined && consistent ? {} : { action, needle, mayBeOld: true };
}

/** What all partitions of one kind begin with: an index lags as a whole, and a kind is read shard by shard. */
function partitionsOf({ index, values: { pk, shard } }: QueryInput): string {
  return index === undefined ? String(pk) : String(shard).replace(/#.*/, "#");
}

const onObject = (action: string, key: string) => ({ writes: true, action, target: action, needle: key });

function keyOf(write: Write): Key {
  if ("put" in write) return write.put;
  if ("update" in write) return write.key;
  return "remove" in write ? write.remove : write.check;
}

/** `NODE`, `NODE.VER`, `HOOK.STATE`: what an item is, without what names it. */
export function kindOf({ pk, sk }: Key): string {
  const [partition = ""] = pk.split("#");
  const [sort = ""] = sk.split("#");
  return /^[A-Z_]+$/.test(sort) && sort !== "META" ? `${partition}.${sort}` : partition;
}

const kindsOf = (all: readonly Key[]) => [...new Set(all.map(kindOf))].join("+");

function queried({ pk, shard }: Record<string, unknown>): string {
  const [kind = ""] = String(shard ?? pk ?? "").split("#");
  return shard === undefined ? kind : `due ${kind}`;
}

/** One frame of a stack: `at async name (file:///…/lambdas/core/room/file.ts:12:3)`, or `at Object.name [as other] (…`. */
const FRAME =
  /at (?:async )?(?:(?:\w+\.)?(\S+) (?:\[as \w+\] )?)?\(?\S*\/lambdas\/core\/([\w/-]+\.ts):(\d+):\d+/;

/** The place that calls, and the verbs that it is called by: V8 keeps the chain of awaits. */
function whoCalls(): Pick<Made, "site" | "under"> {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 60;
  const lines = (new Error().stack ?? "").split("\n");
  Error.stackTraceLimit = stackTraceLimit;
  const frames = lines.flatMap((line) => {
    const [, name = "", file = "", number = ""] = FRAME.exec(line) ?? [];
    return file === "" ? [] : [{ name, file, number }];
  });
  const [first] = frames;
  return {
    site: first === undefined ? "elsewhere" : `${first.file}:${first.number}`,
    under: [...new Set(frames.map(({ name, file }) => `${file} ${name}`))],
  };
}
