/** One call, and all that it sets off until nothing is left to do. */
import type { CallTrace, LogLine } from "@wharf/local-cloud";
import type { Story } from "#test/support/story.ts";

export interface Watched<Answer> {
  answer: Answer;
  /** AWS calls of functions and by presigned URLs; what comes each minute anyway is left out. */
  traces: CallTrace[];
  /** What functions wrote, the sweeps' lines left out. */
  lines: LogLine[];
  /** Events that were put on the bus. */
  busEvents: number;
}

/**
 * Makes a call alone, then waits until nothing is left to do.
 *
 * @param after what is to happen once that is so, and to be watched as well.
 */
export async function watch<Answer>(
  { cloud }: Pick<Story, "cloud">,
  { send, after }: { send: () => Promise<Answer>; after?: (() => Promise<void>) | undefined },
): Promise<Watched<Answer>> {
  await cloud.waitForIdle();
  cloud.clearTraces();
  const before = cloud.logs.lines().at(-1);
  let busEvents = 0;
  const { promise: answered, resolve } = Promise.withResolvers<undefined>();
  cloud.setFaults(({ action, body, caller }) => {
    if (action === "PutEvents") busEvents += JSON.parse(body ?? "{}").Entries.length;
    // S3 tells of an object a moment later in AWS; here both would race for the same commit.
    return caller.startsWith("Ingest") ? answered : undefined;
  });
  try {
    const answer = await send();
    resolve(undefined);
    await cloud.waitForIdle();
    await after?.();
    await cloud.waitForIdle();
    const lines = cloud.logs.lines();
    return {
      answer,
      traces: cloud.traces().filter((trace) => trace.caller !== "root" && !ofSweep(trace)),
      lines: lines
        .slice(before === undefined ? 0 : lines.lastIndexOf(before) + 1)
        .filter((line) => !sweepsLine(line)),
      busEvents,
    };
  } finally {
    resolve(undefined);
    cloud.setFaults(undefined);
  }
}

/** What comes each minute, whoever calls or not. */
const ofSweep = ({ caller, action }: CallTrace) =>
  caller.startsWith("Sweep") || (caller.startsWith("Ingest") && action === "Query");

const sweepsLine = ({ function: id, text }: LogLine) =>
  id.startsWith("Sweep") || (id.startsWith("Ingest") && text.includes('"uploads":'));
