/** Headers that proxies set, sent by a client: they move neither the address in the log nor the URLs in answers. */
import { finalizeAnswer } from "#core/finalize/contract.ts";
import { type Check, said, seen, skip } from "../check.ts";
import { bytesOf, sendPart } from "../send-part.ts";
import { startOnePart } from "../start-one-part.ts";
import type { Target } from "../target.ts";

/** RFC 5737: an address that is nobody's. */
const FORGED_IP = "203.0.113.9";

const forged = {
  "X-Forwarded-For": FORGED_IP,
  Forwarded: `for=${FORGED_IP};host=forged.example;proto=http`,
  "X-Real-IP": FORGED_IP,
  "True-Client-IP": FORGED_IP,
  "CloudFront-Viewer-Address": `${FORGED_IP}:443`,
  "X-Amzn-Source-Ip": FORGED_IP,
  "X-Forwarded-Host": "forged.example",
  "X-Forwarded-Proto": "gopher",
  "X-Forwarded-Port": "1",
};

/** API Gateway's id of a request, which its access log has. */
async function requestId({ api }: Target, headers: Record<string, string>): Promise<string> {
  const answer = await api.api("/v1/workspaces", { headers });
  await said(answer);
  const id = answer.headers.get("x-amzn-requestid");
  if (id === null) throw new Error(`${answer.status} without x-amzn-RequestId`);
  return id;
}

const address: Check = {
  name: "forged X-Forwarded-For and its kin: sourceIp",
  expects: "the access log has the same address as without them",
  onlyAws: "how API Gateway finds sourceIp",
  async run(target) {
    const { loggedIp } = target;
    if (loggedIp === undefined) return skip("the local cloud writes no access log");
    const ids = [await requestId(target, {})];
    for (const [name, value] of Object.entries(forged)) ids.push(await requestId(target, { [name]: value }));
    const ips: string[] = [];
    // One after another: CloudWatch Logs takes five of these questions a second.
    for (const id of ids) ips.push(await loggedIp(id));
    const [plain, ...others] = ips;
    const moved = Object.keys(forged).filter((_, index) => others[index] !== plain);
    if (moved.length > 0) return seen(false, `another address with ${moved.join(", ")}`);
    return seen(plain !== FORGED_IP, `the same with each of ${others.length} headers`);
  },
};

const addresses: Check = {
  name: "forged X-Forwarded-Host and its kin: URLs",
  expects: "links begin with the API's own address",
  async run(target) {
    const { uploadId, part } = await startOnePart(target, "forged.bin", 1_024);
    await said(await sendPart(part, bytesOf(1_024)));
    const init = { json: { expire_in: 600 }, headers: forged };
    const { share_url } = await target.api.json(finalizeAnswer, `/v1/uploads/${uploadId}/finalize`, init);
    // The token is a secret.
    return seen(
      share_url?.startsWith(`${target.origin}/s/`) === true,
      `${share_url?.replace(/[^/]+$/, "…")}`,
    );
  },
};

export const forgedHeaders = [address, addresses];
