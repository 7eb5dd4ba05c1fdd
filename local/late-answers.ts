/** The answers of S3's long calls that begin with 200 and end badly, for tests. */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import type { BrokenEnd, BrokenForm, LateLayout } from "./faults.ts";
import type { AwsError } from "./types.ts";
import { errorElement, XML_DECLARATION } from "./wire.ts";

const SPACE = "   ";
const LAYOUTS: Record<LateLayout, string[]> = {
  none: [XML_DECLARATION],
  before: [SPACE, XML_DECLARATION],
  between: [XML_DECLARATION, SPACE],
  both: [SPACE, XML_DECLARATION, SPACE],
};

/** Reads the request, sends 200 and white space, and ends in `lateError`. */
export async function sendLateError(
  req: IncomingMessage,
  res: ServerResponse,
  { lateError, layout = "between" }: { lateError: AwsError; layout?: LateLayout },
  request: { requestId: string; resource: string },
): Promise<void> {
  await begin(req, res);
  for (const piece of LAYOUTS[layout]) {
    res.write(piece);
    await turn(); // each in a packet of its own
  }
  res.end(errorElement(lateError, request));
}

/**
 * Sends 200 and what `form` leaves of the document. A call that was refused after all is answered as it was.
 * @param heard what the service answered, as it would have gone over the wire; empty where it was not asked
 */
export async function sendBroken(
  req: IncomingMessage,
  res: ServerResponse,
  { broken, end = "cut" }: { broken: BrokenForm; end?: BrokenEnd },
  { action, heard }: { action: string; heard: Buffer },
): Promise<void> {
  const answer = heard.toString();
  if (answer !== "" && !answer.startsWith("HTTP/1.1 200 ")) {
    res.socket?.end(heard);
    return;
  }
  await begin(req, res);
  const document = answer === "" ? inventedDocument(action) : answer.slice(answer.indexOf("\r\n\r\n") + 4);
  res.write(remains(document, broken));
  await turn();
  if (end === "clean") res.end();
  else res.socket?.end(); // without the last chunk: every client sees a message that broke off
}

async function begin(req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (!req.readableEnded) await once(req.resume(), "end");
  res.writeHead(200, { "content-type": "application/xml" });
  res.flushHeaders();
}

function remains(document: string, form: BrokenForm): string {
  switch (form) {
    case "empty":
      return "";
    case "preamble":
      return `${XML_DECLARATION}${SPACE}`;
    case "half":
      return document.slice(0, document.length / 2);
    case "unclosed":
      return document.slice(0, document.lastIndexOf("</"));
  }
}

/** Looks like a success that the store knows nothing of. */
function inventedDocument(action: string): string {
  const root = action === "UploadPartCopy" ? "CopyPartResult" : `${action}Result`;
  const etag = '"00000000000000000000000000000000-1"';
  return `${XML_DECLARATION}<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><ETag>${etag}</ETag></${root}>`;
}
