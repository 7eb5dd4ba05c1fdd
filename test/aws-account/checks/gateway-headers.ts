/** Which headers API Gateway hands on, which it renames, and what the chunk route's mapping templates may set. */
import { type Check, said, seen } from "../check.ts";
import { sendChunk } from "../send-chunk.ts";
import { bytesOf, MIB, sendPart } from "../send-part.ts";

/** Under which name a challenge arrives. */
function challenge({ headers }: Response): string {
  const names = ["WWW-Authenticate", "x-amzn-Remapped-WWW-Authenticate"].filter((name) => headers.has(name));
  return names.map((name) => `${name}: ${headers.get(name)}`).join(", ") || "no challenge";
}

const renamed: Check = {
  name: "401 by proxy: the challenge's name",
  expects: "x-amzn-Remapped-WWW-Authenticate: Bearer … alone (API Gateway's important notes)",
  onlyAws: "what API Gateway renames",
  async run({ api }) {
    const answer = await api.api("/v1/workspaces", { token: null });
    const words = challenge(answer);
    return seen(
      words.startsWith("x-amzn-Remapped-WWW-Authenticate: Bearer"),
      `${await said(answer)}, ${words}`,
    );
  },
};

const chunkRefused: Check = {
  name: "401 on the chunk route: type and challenge",
  expects: "application/problem+json, and a challenge by either name",
  onlyAws: "whether a mapping template may set Content-Type and WWW-Authenticate",
  async run(target) {
    const answer = await sendChunk(target, "upl_01JZZZZZZZZZZZZZZZZZZZZZZZ", bytesOf(1_024), { token: null });
    const type = answer.headers.get("content-type") ?? "no type";
    const words = `${type}, ${challenge(answer)}`;
    const is =
      answer.status === 401 && words.startsWith("application/problem+json") && words.includes("Bearer");
    return seen(is, `${await said(answer)}, ${words}`);
  },
};

const redirect: Check = {
  name: "307 on the chunk route",
  expects: "Location to a presigned URL, X-Request-ID as sent, no-store",
  onlyAws: "whether a mapping template may set the status and Location",
  async run(target) {
    const { upload_id } = await target.api.start("redirect.bin", 1_024);
    const headers = { "X-Request-ID": "test-aws-307" };
    const answer = await sendChunk(target, upload_id, bytesOf(1_024), { headers });
    const words = await said(answer);
    const location = answer.headers.get("location") ?? "";
    const id = answer.headers.get("x-request-id");
    const cache = answer.headers.get("cache-control");
    const is = location.includes("X-Amz-Signature") && id === "test-aws-307" && cache === "no-store";
    const host = URL.parse(location)?.host ?? "nowhere";
    return seen(words === "307" && is, `${words} to ${host}, X-Request-ID: ${id}, Cache-Control: ${cache}`);
  },
};

const smallChunk: Check = {
  name: "a first chunk of 1 KiB, then another",
  expects: "400 chunk_too_small, at finalize at the latest; the session stays open",
  onlyAws: "whether Content-Length reaches the mapping template",
  async run(target) {
    const { upload_id } = await target.api.start("small-chunks.bin", 5 * MIB + 1_024);
    const words: string[] = [];
    for (const [index, body] of [bytesOf(1_024), bytesOf(5 * MIB)].entries()) {
      const answer = await sendChunk(target, upload_id, body, { query: `?part=${index + 1}` });
      words.push(await said(answer));
      const url = answer.headers.get("location");
      if (url !== null) await said(await sendPart({ url, headers: {} }, body));
    }
    words.push(await said(await target.api.api(`/v1/uploads/${upload_id}/finalize`, { json: {} })));
    const [first, second, finalized] = words;
    const saw = `chunks ${first}, ${second}, finalize ${finalized}`;
    // Only a function that is told the length can refuse the first one.
    const length = first === "307" ? "the length doesn't arrive" : "the length arrives";
    return seen(words.includes("400 chunk_too_small"), `${saw}: ${length}`);
  },
};

const tooLarge: Check = {
  name: "a chunk of 11 MiB",
  expects: "413 payload_too_large from API Gateway itself, as problem+json",
  onlyAws: "API Gateway's limit, and its own answer",
  async run(target) {
    const { upload_id } = await target.api.start("large-chunk.bin", 11 * MIB);
    const answer = await sendChunk(target, upload_id, bytesOf(11 * MIB));
    const words = `${await said(answer)}, ${answer.headers.get("content-type")}`;
    return seen(words === "413 payload_too_large, application/problem+json", words);
  },
};

export const gatewayHeaders = [renamed, chunkRefused, redirect, smallChunk, tooLarge];
