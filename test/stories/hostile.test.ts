/** Input that wants to do harm, at the API and at the URLs that it signs. */
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { problem } from "#contract/common.ts";
import { share } from "#core/links/contract.ts";
import { type Story, startStory } from "#test/support/story.ts";

let story: Story;
let fileId: string;
const bytes = (content: string) => new TextEncoder().encode(content);
beforeAll(async () => {
  // As deployed: webhooks may not go to this machine.
  story = await startStory({ cloud: { extraEnv: { WHARF_ALLOW_LOOPBACK_HTTP: undefined } } });
  fileId = (await story.upload(bytes("hello"), { filename: "a.txt" })).file_id;
});
afterAll(() => story?.stop());

const refusal = async (answer: Response) => {
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  return problem.parse(await answer.json());
};
const start = (json: unknown) => story.api("/v1/uploads", { json });

/** Sends bytes as they are, past what fetch would put right. */
async function raw(request: string | Buffer): Promise<string> {
  const socket = connect(Number(new URL(story.origin).port), "127.0.0.1");
  await once(socket, "connect");
  socket.write(request);
  return text(socket);
}

test("a file of empty comments is taken within one call, and ends whole", async () => {
  // A backtracking expression takes 2^40 steps for it.
  const content = bytes(`${"<!---->".repeat(40)}x`);
  expect(await story.upload(content, { filename: "comments.txt" })).toMatchObject({ status: "ready" });
});

describe("names", () => {
  test.for([
    "../../etc/passwd",
    "a/../../b",
    "..",
    ".",
    "/absolute",
    "a//b",
    "a/",
    "",
    "nul\0byte",
    "new\nline",
    "tab\there",
    "del\x7f",
    "c1\x85control",
    "lone \ud800 surrogate",
    "photo\u202egpj.exe",
    "invoice\u2067pdf\u200f.exe\u2069",
    "invoice.pdf\u200e",
    "invoice.pdf\u200b",
    "invoice.pdf\u00ad",
    "invoice.pdf\u3000",
    "invoice.pdf\u00a0",
    "invoice.pdf.",
    "invoice.pdf ",
    "folder\u200f/invoice.pdf",
    "é".repeat(128),
    `${"d/".repeat(40)}deep`,
  ])("%j is refused as a file's name", async (filename) => {
    const answer = await start({ filename, size: 1 });
    expect(answer.status).toBe(400);
    expect(await refusal(answer)).toMatchObject({ errors: [{ pointer: "/filename" }] });
  });

  test.for(["../up", "a/b", "line\nbreak", "..", "photo\u202egpj.exe", "invoice.pdf\u200e", "invoice.pdf."])(
    "%j is refused as a new name",
    async (name) => {
      const answer = await story.api(`/v1/files/${fileId}`, { method: "PATCH", json: { name } });
      expect(answer.status).toBe(400);
    },
  );

  test("a form's filename goes by the same rule", async () => {
    const body = new FormData();
    body.set("file", new Blob(["x"]), "../../x.txt");
    const answer = await story.api("/v1/files/upload", { method: "POST", body });
    expect(answer.status).toBe(400);
  });

  test("a path that climbs in the URL leads nowhere", async () => {
    for (const path of ["/v1/files/..%2f..%2fetc", "/v1/workspaces/..%2f/files", "/s/..%2f..%2fv1"]) {
      expect((await story.api(path)).status).toBeGreaterThanOrEqual(400);
    }
    const answer = await raw(
      "GET /v1/../../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  test.for([
    `quo"te.txt`,
    "back\\slash.txt",
    "semi;colon; filename=evil.txt",
    "pfad/ümläut 漢字 🎉.txt",
    "percent%0d%0aSet-Cookie: a=b.txt",
    "<script>alert(1)</script>".replace("/", "_"),
    "x".repeat(255),
    "می‌خواهم 👩‍💻.txt",
    "__proto__",
    "constructor",
  ])("%j stays a name: no header, no markup comes of it", async (filename) => {
    const { file_id, share_url } = await story.upload(bytes("x"), { filename });
    const { headers } = await story.api(`/v1/files/${file_id}/content`);
    const download = await fetch(headers.get("location") ?? "");
    expect(download.status).toBe(200);
    const disposition = download.headers.get("content-disposition") ?? "";
    expect(disposition).toMatch(
      /^attachment; filename="(?:[^"\\\r\n]|\\.)*"(; filename\*=UTF-8''[\w!#$&+.^`|~%-]+)?$/,
    );
    const [, encoded] = /filename\*=UTF-8''(\S+)$/.exec(disposition) ?? [];
    if (encoded !== undefined) expect(decodeURIComponent(encoded)).toBe(filename.split("/").at(-1));
    expect(download.headers.get("set-cookie")).toBeNull();
    const page = await story.api(new URL(share_url ?? "").pathname, {
      token: null,
      headers: { Accept: "text/html" },
    });
    // The page's own, which its policy names by its hash.
    expect((await page.text()).match(/<script/g)).toHaveLength(1);
  });
});

describe("bodies", () => {
  test.for([
    ["10 MB of JSON", JSON.stringify({ filename: "x".repeat(10_000_000) }), 413, "payload_too_large"],
    ["11 MB of JSON", JSON.stringify({ filename: "x".repeat(11_000_000) }), 413, "payload_too_large"],
    ["JSON 100,000 deep", "[".repeat(100_000) + "]".repeat(100_000), 400, undefined],
    ["objects 20,000 deep", `${`{"a":`.repeat(20_000)}1${"}".repeat(20_000)}`, 400, undefined],
    ["half of JSON", '{"filename":', 400, "invalid_json"],
    ["a list", "[]", 400, "invalid_request"],
    ["null", "null", 400, "invalid_request"],
    ["a string", '"x"', 400, "invalid_request"],
    ["an unknown field", '{"filename":"a","size":1,"owner":"root"}', 400, "unknown_field"],
    ["__proto__", '{"filename":"a","size":1,"__proto__":{"admin":true}}', 400, "unknown_field"],
    ["a size in words", '{"filename":"a","size":"big"}', 400, "invalid_request"],
    ["a size below 0", '{"filename":"a","size":-1}', 400, "invalid_request"],
    ["a size of half a byte", '{"filename":"a","size":0.5}', 400, "invalid_request"],
    ["a size beyond S3's", '{"filename":"a","size":1e300}', 400, "invalid_request"],
    ["a name that is an object", '{"filename":{"$gt":""},"size":1}', 400, "invalid_request"],
    ["metadata with half a character", '{"filename":"a","metadata":{"b":"\\ud800"}}', 400, "invalid_request"],
    ["half a character in a name", '{"filename":"a","metadata":{"\\udc00":"b"}}', 400, "invalid_request"],
    ["a member twice", '{"filename":"a","size":1,"filename":"b"}', 400, "invalid_json"],
    ["a member twice, once escaped", '{"size":1,"filename":"a","f\\u0069lename":"b"}', 400, "invalid_json"],
    ["a member twice within", '{"filename":"a","metadata":{"b":"c","b":"d"}}', 400, "invalid_json"],
    ["metadata with a header in it", '{"filename":"a","metadata":{"a\\r\\nb":"c"}}', 400, "invalid_request"],
    [
      "a type with a header in it",
      '{"filename":"a","content_type":"text/plain\\r\\nX: y"}',
      400,
      "invalid_request",
    ],
  ] as const)("%s", async ([, body, status, code]) => {
    const answer = await story.api("/v1/uploads", { body, headers: { "content-type": "application/json" } });
    expect(answer.status).toBe(status);
    const told = await refusal(answer);
    if (code !== undefined) expect(told.code).toBe(code);
    // What was sent is not sent back.
    expect(JSON.stringify(told).length).toBeLessThan(2_000);
  });

  // API Gateway hands text on, so bytes that are none have become U+FFFD before a function sees them.
  test.for([
    ["in a name", '{"filename":"r\xe9sum\xe9.txt","size":1}', 14],
    ["after text that is UTF-8", '{"size":1,"filename":"\xc3\xa9\xc3"}', 24],
    ["in metadata", '{"filename":"a","metadata":{"by":"Ren\xe9"}}', 37],
    ["as U+FFFD itself", '{"filename":"\xef\xbf\xbd"}', 13],
  ] as const)("bytes that are no UTF-8: %s", async ([, latin1, offset]) => {
    const answer = await story.api("/v1/uploads", {
      body: Buffer.from(latin1, "latin1"),
      headers: { "content-type": "application/json" },
    });
    expect(answer.status).toBe(400);
    expect(await refusal(answer)).toMatchObject({ code: "invalid_json", offset });
  });

  test("U+FFFD by its escape is no name either, nor a password", async () => {
    for (const [path, body] of [
      ["/v1/uploads", '{"filename":"\\ufffd.txt"}'],
      [`/v1/files/${fileId}/shares`, '{"password":"\\ufffd"}'],
      [`/v1/files/${fileId}/shares`, '{"password":"\\ud800"}'],
    ] as const) {
      const answer = await story.api(path, { body, headers: { "content-type": "application/json" } });
      expect([body, answer.status]).toEqual([body, 400]);
    }
    // What looks like a member twice is none: in text, in lists, and in objects of their own.
    const kept = await start({
      filename: "kept",
      metadata: { note: '\u00e9 {"a":1,"a":2}\\', filename: "kept", other: "note", end: '\\"' },
    });
    expect(kept.status).toBe(201);
  });

  test("Latin-1 in a form, a query, a path and a header is refused, with its offset", async () => {
    const type = { "content-type": "application/x-www-form-urlencoded" };
    const { share_url } = await story.json(share, `/v1/files/${fileId}/shares`, {
      json: { password: "caf\u00e9" },
    });
    const files = `/v1/workspaces/${story.workspaceId}/files`;
    for (const [path, init, offset] of [
      [share_url, { body: Buffer.from("password=caf\xe9", "latin1"), headers: type }, 12],
      [share_url, { body: "password=caf%E9", headers: type }, 12],
      [`${files}?path=caf%E9`, {}, undefined],
      [`${files}/%E9`, {}, files.length + 1],
      ["/v1/files/%FF/content", {}, "/v1/files/".length],
      [share_url, { headers: { "x-share-password": "caf\u00e9" } }, 3],
    ] as const) {
      const answer = await story.api(path, init);
      expect([path, answer.status]).toEqual([path, 400]);
      const { code, offset: at } = await refusal(answer);
      expect([path, code]).toEqual([path, "invalid_request"]);
      if (offset !== undefined) expect([path, at]).toEqual([path, offset]);
    }
    const right = await story.api(share_url, { body: "password=caf%C3%A9", headers: type });
    expect(right.status).toBe(303);
  });

  test("bytes that aren't ASCII in the request line", async () => {
    const line = Buffer.from(
      `GET /v1/workspaces/${story.workspaceId}/files?path=caf\xe9 HTTP/1.1\r\n`,
      "latin1",
    );
    const answer = await raw(
      Buffer.concat([line, Buffer.from("Host: localhost\r\nConnection: close\r\n\r\n")]),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("unknown fields by the thousand, or of a name that long, make no long answer", async () => {
    const json = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`field_${index}`, index]));
    for (const more of [json, { ["n".repeat(900_000)]: 1 }]) {
      const answer = await start({ filename: "a", size: 1, ...more });
      expect(answer.status).toBe(400);
      expect((await answer.text()).length).toBeLessThan(5_000);
    }
  });

  test("a body of another type", async () => {
    for (const type of ["text/plain", "application/xml", "multipart/form-data"]) {
      const answer = await story.api("/v1/uploads", { body: "{}", headers: { "content-type": type } });
      expect([type, answer.status]).toEqual([type, 415]);
    }
  });

  test("query parameters that aren't known, or come as what they aren't", async () => {
    const files = `/v1/workspaces/${story.workspaceId}/files`;
    for (const query of [
      "x=1",
      "limit=0",
      "limit=101",
      "limit=ten",
      "cursor=%00",
      "path=../..",
      "folder=fld_x",
    ]) {
      const answer = await story.api(`${files}?${query}`);
      expect([query, answer.status]).toEqual([query, 400]);
    }
  });
});

describe("headers", () => {
  test("a header of 20 kB ends in 4xx, and the API goes on", async () => {
    const answer = await raw(
      `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Big: ${"x".repeat(20_000)}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect((await story.api("/healthz")).status).toBe(200);
  });

  test("Host and forwarding headers change no URL", async () => {
    const headers = {
      "X-Forwarded-Host": "evil.example",
      "X-Forwarded-Proto": "gopher",
      Forwarded: "host=evil.example",
    };
    const answer = await story.api(`/v1/files/${fileId}/shares`, { json: {}, headers });
    expect(share.parse(await answer.json()).share_url).toMatch(new RegExp(`^${story.origin}/s/`));
    const page = await raw("GET /openapi.json HTTP/1.1\r\nHost: [::1]:9\r\nConnection: close\r\n\r\n");
    expect(page).not.toContain("[::1]");
  });

  test.for(["Lock-Token", "If-Match", "X-Share-Password", "Content-Range"])(
    "nonsense in %s is no 500",
    async (name) => {
      const headers = { [name]: `"'{}%00;${"é".repeat(50)}` };
      const patched = await story.api(`/v1/files/${fileId}`, {
        method: "PATCH",
        json: { name: "a.txt" },
        headers,
      });
      expect(patched.status).toBeLessThan(500);
      const { upload_id } = await story.start("chunk.bin", 6_000_000);
      const chunk = await story.api(`/v1/uploads/${upload_id}/chunks`, {
        method: "PUT",
        body: bytes("x".repeat(5_300_000)),
        headers,
      });
      expect(chunk.status).toBeLessThan(500);
    },
  );
});

describe("links", () => {
  test("a guessed token is as unknown as a malformed one", async () => {
    const { share_url } = await story.upload(bytes("x"), { filename: "link.txt" });
    const token = new URL(share_url ?? "").pathname.slice("/s/".length);
    const last = token.at(-1) === "A" ? "E" : "A";
    for (const guess of [
      "A".repeat(token.length),
      token.slice(0, -1) + last,
      `${token}A`,
      token.slice(1),
      "x",
      "%00",
    ]) {
      const answer = await story.api(`/s/${guess}`, { token: null });
      expect([guess, answer.status]).toEqual([guess, 404]);
      expect(await refusal(answer)).toMatchObject({ code: "not_found" });
    }
  });
});

describe("presigned URLs", () => {
  async function urls(): Promise<[string, RequestInit, string][]> {
    const { headers } = await story.api(`/v1/files/${fileId}/content`);
    const session = await story.start("signed.bin", 5);
    return [
      ["GET", {}, headers.get("location") ?? ""],
      ["PUT", { method: "PUT", body: "hello" }, session.parts[0]?.url ?? ""],
    ];
  }

  test("altered in any part they are refused", async () => {
    for (const [kind, init, url] of await urls()) {
      const names = [...new URL(url).searchParams.keys()];
      expect(names.length).toBeGreaterThan(5);
      const altered = names.flatMap((name) => {
        const [changed, gone] = [new URL(url), new URL(url)];
        const value = changed.searchParams.get(name) ?? "";
        const end = value.at(-1) === "1" ? "2" : "1";
        changed.searchParams.set(name, value.slice(0, -1) + end);
        gone.searchParams.delete(name);
        return [changed.href, gone.href];
      });
      const other = new URL(url);
      other.pathname = `${other.pathname.slice(0, -1)}${other.pathname.endsWith("0") ? "1" : "0"}`;
      const more = new URL(url);
      more.searchParams.append("versionId", "1");
      for (const bad of [...altered, other.href, more.href]) {
        const answer = await fetch(bad, init);
        await answer.text();
        // Without one of its parameters it isn't even a signature: 400 as S3 says it, or 403.
        expect([kind, bad, [400, 403].includes(answer.status)]).toEqual([kind, bad, true]);
      }
      const method = kind === "GET" ? "DELETE" : "GET";
      expect((await fetch(url, { method })).status).toBe(403);
      expect((await fetch(url, init)).status).toBe(200);
    }
  });

  test("a second after their end they are refused", async () => {
    for (const [, init, url] of await urls()) {
      const query = new URL(url).searchParams;
      const signed = (query.get("X-Amz-Date") ?? "").replace(
        /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/,
        "$1-$2-$3T$4:$5:$6Z",
      );
      const end = Date.parse(signed) + Number(query.get("X-Amz-Expires")) * 1_000;
      // A call that is on its way when time leaps would arrive with a stale signature.
      await story.cloud.waitForIdle();
      story.advance(end - 10_000 - story.cloud.clock.now());
      expect((await fetch(url, init)).status).toBe(200);
      await story.cloud.waitForIdle();
      story.advance(end + 1_000 - story.cloud.clock.now());
      const late = await fetch(url, init);
      expect(late.status).toBe(403);
      expect(await late.text()).toContain("Request has expired");
    }
  });
});

describe("webhooks' URLs", () => {
  test.for([
    "http://example.com/hook",
    "https://127.0.0.1/hook",
    "https://127.1/hook",
    "https://2130706433/hook",
    "https://0x7f000001/hook",
    "https://0x7f.0.0.1/hook",
    "https://0177.0.0.1/hook",
    "https://0/hook",
    "https://10.0.0.1/hook",
    "https://192.168.1.1/hook",
    "https://169.254.169.254/latest/meta-data",
    "https://168.63.129.16/hook",
    "https://8.8.8.8/hook",
    "https://[::1]/hook",
    "https://[::ffff:127.0.0.1]/hook",
    "https://[fd00:ec2::254]/hook",
    "https://[2606:4700::1111]/hook",
    "https://localhost/hook",
    "https://localhost./hook",
    "https://LOCALHOST/hook",
    "https://a.localhost/hook",
    "https://intranet/hook",
    "https://printer.local/hook",
    "https://metadata.google.internal/hook",
    "https://127.0.0.1.nip.invalid/hook",
    "https://example.com:8443/hook",
    "https://user:secret@example.com/hook",
    "https://example.com/hook#part",
    "https://①②⑦.⓪.⓪.①/hook",
    "ftp://example.com/hook",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "//example.com/hook",
    "https://",
    "hook",
    "https://exa mple.com/",
    "https://example.com\r\nX: y/",
  ])("%j is refused when it is registered", async (url) => {
    const answer = await story.api("/v1/webhooks", { json: { url, events: ["*"] } });
    expect(answer.status).toBe(400);
    const { code, detail } = await refusal(answer);
    expect(["invalid_url", "egress_blocked", "invalid_request"]).toContain(code);
    expect(detail).not.toContain("user:secret");
  });

  test("the API's own address is no destination", async () => {
    for (const url of [`${story.origin}/v1/uploads`, `${story.cloud.awsUrl}/x`]) {
      const answer = await story.api("/v1/webhooks", { json: { url, events: ["*"] } });
      expect(answer.status).toBe(400);
    }
  });
});

test("nothing of all this was an error of ours", () => {
  const errors = story.cloud.logs.lines().filter(({ text }) => text.includes('"level":"error"'));
  expect(errors.map(({ text }) => text.slice(0, 300))).toEqual([]);
});
