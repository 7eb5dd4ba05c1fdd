/** What `PutEvents` takes. */
import { z } from "zod";
import { AwsError } from "../types.ts";
import { isRecord } from "../wire.ts";

// EventBridge: 10 entries per call at most, less than 1 MB together.
const MAX_ENTRIES = 10;
const MAX_BYTES = 1_048_576;

const entrySchema = z.object({
  Source: z.string().min(1).optional(),
  DetailType: z.string().min(1).optional(),
  Detail: z.string().optional(),
  EventBusName: z.string().optional(),
  Resources: z.array(z.string()).optional(),
  Time: z.number().optional(),
});
export type Entry = z.infer<typeof entrySchema>;

/** The entries of a request. @throws ZodError, AwsError ValidationException: what refuses the request as a whole. */
export function readEntries(input: unknown): Entry[] {
  const { Entries } = z.object({ Entries: z.array(entrySchema).min(1).max(MAX_ENTRIES) }).parse(input);
  const bytes = Entries.reduce((sum, each) => sum + sizeOf(each), 0);
  if (bytes < MAX_BYTES) return Entries;
  throw new AwsError(
    "ValidationException",
    `Total size of the entries in the request is over the limit: ${bytes} bytes of ${MAX_BYTES}.`,
  );
}

/** Bytes of an entry. Source: EventBridge User Guide, "Calculating PutEvents event entry size". */
function sizeOf({ Source = "", DetailType = "", Detail = "", Resources = [], Time }: Entry): number {
  return Buffer.byteLength(Source + DetailType + Detail + Resources.join("")) + (Time === undefined ? 0 : 14);
}

/** The event of an entry, or why this one alone is refused. */
export function checkEntry({ Source, DetailType, Detail, Resources = [], Time }: Entry) {
  if (Source === undefined || DetailType === undefined || Detail === undefined) {
    return failed(
      "InvalidArgument",
      "Parameter Source, DetailType or Detail is not valid. Reason: it is required.",
    );
  }
  if (Source.startsWith("aws.")) {
    return failed("NotAuthorizedForSourceException", "Not authorized for the source.");
  }
  const detail = parseObject(Detail);
  if (detail === undefined) return failed("MalformedDetail", "Detail is malformed.");
  const time = Time === undefined ? undefined : `${new Date(Time * 1000).toISOString().slice(0, 19)}Z`;
  return { source: Source, "detail-type": DetailType, resources: Resources, detail, time };
}

/** An entry's result where it wasn't taken. */
export function failed(ErrorCode: string, ErrorMessage: string) {
  return { ErrorCode, ErrorMessage };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
