/** What items were a while ago, for reads that are old. For tests. */
import { isDeepStrictEqual } from "node:util";
import type { Item } from "./attribute-value.ts";
import type { Database } from "./database.ts";
import type { EncodedKey } from "./keys.ts";
import { place, type Store, type Write } from "./store.ts";
import type { Table } from "./table.ts";

/** What stood under a key until it was written. */
interface Image {
  table: Table;
  key: EncodedKey;
  was: Item | undefined;
  /** When that ended, in milliseconds since the epoch. */
  until: number;
}

export interface History {
  /**
   * From now on keeps what is overwritten for so many milliseconds, the last 100,000 items at most; forgets what it
   * had. 0 keeps nothing.
   */
  keep(ms: number): void;
  /** Notes what has been overwritten. */
  note(writes: readonly Write[], at: number): void;
  /**
   * Runs a read as though nothing had been written in the last `ms`, as far back as anything is kept; `Infinity` is
   * the moment at which `keep` was called. @throws Error where nothing is kept
   */
  asItWas<T>(ms: number, store: Store, read: () => T): T;
  /**
   * Runs a read as it would have been answered before its answer was last another, as far back as anything is kept; as
   * now where it never was. @throws Error where nothing is kept
   */
  beforeItChanged<T>(store: Store, read: () => T): T;
}

const MAX_IMAGES = 100_000;

/** Keeps nothing at first, which costs nothing. */
export function openHistory(db: Database, now: () => number): History {
  let kept = 0;
  let images: Image[] = [];

  return {
    keep(ms) {
      kept = ms;
      images = [];
    },
    note(writes, at) {
      if (kept === 0) return;
      for (const { table, key, old } of writes) images.push({ table, key, was: old?.item, until: at });
      const recent = images.findIndex(({ until }) => until > at - kept);
      images.splice(0, Math.max(recent, images.length - MAX_IMAGES));
    },
    asItWas(ms, store, read) {
      requireKept();
      const then = now() - ms;
      return db.inVain(() => {
        for (const image of images.toReversed()) {
          if (image.until <= then) break;
          restore(store, image);
        }
        return read();
      });
    },
    beforeItChanged(store, read) {
      requireKept();
      // What happened in one moment is taken back as one.
      const moments = Map.groupBy(images.toReversed(), ({ until }) => until);
      return db.inVain(() => {
        const known = read();
        for (const moment of moments.values()) {
          for (const image of moment) restore(store, image);
          const was = read();
          if (!isDeepStrictEqual(was, known)) return was;
        }
        return known;
      });
    },
  };

  function requireKept(): void {
    if (kept === 0) throw new Error("nothing of the past is known; call keepHistory before it happens");
  }

  function restore(store: Store, { table, key, was }: Image): void {
    place(db, { table, key, old: store.get(table, key), next: was });
  }
}
