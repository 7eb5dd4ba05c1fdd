/** A streaming reader of `multipart/form-data`, as browsers post it to S3: fields first, then one file. */
import { s3Error } from "./errors.ts";

// S3: everything before the file is at most 20 KB.
const MAX_FIELDS_BYTES = 20 * 1024;

export interface Form {
  /** Fields before the file, names in lower case. */
  fields: Map<string, string>;
  filename: string;
  /** Bytes of the file; read it to its end. */
  file: AsyncGenerator<Buffer>;
}

function parameter(header: string, name: string): string | undefined {
  const lower = header.toLowerCase();
  const starts = [";", " ", "\t"].map((before) => lower.indexOf(`${before}${name}="`));
  const start = starts.find((at) => at >= 0);
  if (start === undefined) return undefined;
  const match = /^(?:[^"\\]|\\.)*(?=")/.exec(header.slice(start + name.length + 3));
  return match?.[0].replace(/\\(.)/g, "$1").replaceAll("%22", '"');
}

/**
 * Reads the fields and stops where the file's bytes begin.
 * @throws AwsError `MalformedPOSTRequest`, `MaxPostPreDataLengthExceeded`, `InvalidArgument`
 */
export async function readForm(contentType: string, source: AsyncIterable<Buffer>): Promise<Form> {
  const boundary = /;\s*boundary="?([^";]+)/i.exec(contentType)?.[1];
  if (boundary === undefined) throw s3Error("MalformedPOSTRequest");
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const iterator = source[Symbol.asyncIterator]();
  let pending: Buffer = Buffer.from("\r\n"); // so that the first delimiter looks like the others
  let consumed = 0;

  async function more(): Promise<void> {
    const next = await iterator.next();
    if (next.done) throw s3Error("MalformedPOSTRequest");
    pending = pending.length > 0 ? Buffer.concat([pending, next.value]) : next.value;
  }

  async function until(mark: string | Buffer): Promise<Buffer> {
    let at = pending.indexOf(mark);
    while (at < 0) {
      if (pending.length > MAX_FIELDS_BYTES) throw s3Error("MaxPostPreDataLengthExceeded");
      await more();
      at = pending.indexOf(mark);
    }
    const head = pending.subarray(0, at);
    consumed += at + mark.length;
    if (consumed > MAX_FIELDS_BYTES) throw s3Error("MaxPostPreDataLengthExceeded");
    pending = pending.subarray(at + mark.length);
    return head;
  }

  async function* fileBytes(): AsyncGenerator<Buffer> {
    for (;;) {
      const at = pending.indexOf(delimiter);
      if (at >= 0) {
        if (at > 0) yield pending.subarray(0, at);
        pending = Buffer.alloc(0);
        while (!(await iterator.next()).done); // fields after the file don't count
        return;
      }
      // The last bytes may be the beginning of the delimiter.
      const safe = Math.max(pending.length - delimiter.length + 1, 0);
      if (safe > 0) yield pending.subarray(0, safe);
      pending = pending.subarray(safe);
      await more();
    }
  }

  const fields = new Map<string, string>();
  await until(delimiter);
  for (;;) {
    const rest = (await until("\r\n")).toString("latin1");
    if (rest.startsWith("--")) {
      const message = "POST requires exactly one file upload per request.";
      throw s3Error("InvalidArgument", { message, ArgumentName: "file", ArgumentValue: "0" });
    }
    const headers = (await until("\r\n\r\n")).toString("utf8");
    const disposition = /^content-disposition:.*$/im.exec(headers)?.[0] ?? "";
    const name = parameter(disposition, "name")?.toLowerCase();
    if (name === undefined) throw s3Error("MalformedPOSTRequest");
    if (name === "file") {
      return { fields, filename: parameter(disposition, "filename") ?? "", file: fileBytes() };
    }
    fields.set(name, (await until(delimiter)).toString("utf8"));
  }
}
