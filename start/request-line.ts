/** What `npm start` prints of each request: a line for people, with nothing in it that opens anything. */
import { stripVTControlCharacters } from "node:util";
import type { Answered } from "@wharf/local-cloud";

/** Longest target that is shown whole, in characters. */
const LONGEST = 100;

/** The line: time of day, method, target, status, milliseconds, request id. */
export function requestLine({ time, method, target, status, ms, requestId }: Answered): string {
  const at = new Date(time).toTimeString().slice(0, 8);
  return `${at}  ${method.padEnd(6)} ${shown(target)}  ${status ?? "hung up"}  ${Math.round(ms)} ms  ${requestId}`;
}

/** Without tokens of links, signatures and values that may be secrets; in ASCII, since terminals obey what isn't. */
function shown(text: string): string {
  const [path = "", ...queries] = text.split("?");
  const pairs = queries.length === 0 ? "" : `?${queries.join("?").split("&").map(maskedPair).join("&")}`;
  const masked = path.replace(/(\/s\/)[^/]+/, "$1…") + pairs;
  const plain = stripVTControlCharacters(masked).replace(/[^\x20-\x7e…]/g, "?");
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST - 1)}…` : plain;
}

const SECRET = /token|secret|password|signature|credential|key/i;

function maskedPair(pair: string): string {
  const name = pair.split("=", 1)[0] ?? "";
  return pair.includes("=") && SECRET.test(name) ? `${name}=…` : pair;
}
