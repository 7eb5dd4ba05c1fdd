/** Event-source mappings: what Lambda polls on a function's behalf, with the function's role. */

import { startQueueSource } from "./queue-source.ts";
import type { QueueSourceConfig, Source, SourceServices, StreamSourceConfig } from "./source.ts";
import { startStreamSource } from "./stream-source.ts";

export interface EventSources {
  addQueue(config: QueueSourceConfig): void;
  addStream(config: StreamSourceConfig): void;
  /** Begins to poll. @throws AwsError when a role lacks what its mapping needs. */
  start(): void;
  /** Ids of the mappings that have something to do. */
  busy(): string[];
  /** They take nothing new, and finish what they have begun. */
  pause(): void;
  stop(): void;
}

/** Collects the template's mappings; they run from `start` on. */
export function createEventSources(services: SourceServices): EventSources {
  const pending: { id: string; start: () => Source }[] = [];
  const running = new Map<string, Source>();
  return {
    addQueue: (config) => pending.push({ id: config.id, start: () => startQueueSource(config, services) }),
    addStream: (config) => pending.push({ id: config.id, start: () => startStreamSource(config, services) }),
    start() {
      for (const { id, start } of pending.splice(0)) running.set(id, start());
    },
    busy: () => [...running].filter(([, source]) => source.busy()).map(([id]) => id),
    pause() {
      for (const source of running.values()) source.pause();
    },
    stop() {
      for (const source of running.values()) source.stop();
    },
  };
}
