/** Tokens, links, their page, and what API Gateway makes of an answer. */
import assert from "node:assert/strict";
import { share } from "#core/links/contract.ts";
import { bytesOf } from "#test/aws-account/send-part.ts";
import { sameBytes } from "../same-bytes.ts";
import type { Story } from "../story.ts";

const refusals: Story = {
  name: "no token, another's token, an unknown path: problems in JSON",
  behaviours: ["apigateway.proxy"],
  async run({ api }) {
    for (const [path, token, status] of [
      ["/v1/workspaces", null, 401],
      ["/v1/workspaces", "nobody's", 401],
      ["/v1/nothing", undefined, 404],
    ] as const) {
      const answer = await api.api(path, { ...(token !== undefined && { token }) });
      assert.equal(answer.status, status, path);
      assert.match(answer.headers.get("content-type") ?? "", /^application\/problem\+json/);
    }
    return undefined;
  },
};

const linkAndPage: Story = {
  name: "a link's page, its download with the file's name, and its end by count",
  behaviours: ["s3.response-headers"],
  async run({ api, reach }) {
    const bytes = bytesOf(3_000);
    const { file_id } = await api.upload(bytes, { filename: "überall.bin" });
    const { share_url } = await api.json(share, `/v1/files/${file_id}/shares`, {
      json: { max_downloads: 1 },
    });
    const page = await fetch(reach(share_url), { headers: { Accept: "text/html" }, redirect: "manual" });
    assert.equal(page.status, 200);
    assert.match(await page.text(), /überall\.bin/);
    const redirect = await fetch(`${reach(share_url)}?download=1`, { redirect: "manual" });
    const location = redirect.headers.get("location") ?? "";
    const download = await fetch(location);
    assert.match(download.headers.get("content-disposition") ?? "", /attachment.*%C3%BCberall\.bin/);
    assert(Buffer.from(await download.arrayBuffer()).equals(bytes));
    const again = await fetch(`${reach(share_url)}?download=1`, { redirect: "manual" });
    assert.equal(again.status, 410);
    return undefined;
  },
};

const ranges: Story = {
  name: "a range of a file, and one past its end",
  behaviours: ["s3.ranges", "s3.presigned"],
  async run({ api }) {
    const bytes = bytesOf(10_000);
    const { file_id } = await api.upload(bytes, { filename: "range.bin" });
    const { headers } = await api.api(`/v1/files/${file_id}/content`);
    const url = headers.get("location") ?? "";
    const part = await fetch(url, { headers: { Range: "bytes=100-199" } });
    assert.equal(part.status, 206);
    assert(Buffer.from(await part.arrayBuffer()).equals(bytes.slice(100, 200)));
    const past = await fetch(url, { headers: { Range: "bytes=10000-" } });
    assert.equal(past.status, 416);
    await sameBytes(url, bytes);
    return undefined;
  },
};

export const links: readonly Story[] = [refusals, linkAndPage, ranges];
