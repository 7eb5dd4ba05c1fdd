import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCredentials } from "../credentials.ts";
import { BUCKET, type Harness, MIB, outcome, startS3 } from "./s3-harness.ts";

let h: Harness;
beforeAll(async () => {
  h = await startS3();
});
afterAll(() => h[Symbol.asyncDispose]());

const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();

interface FormOptions {
  fields?: Record<string, string>;
  conditions?: unknown[];
  /** Milliseconds from now. */
  expiresIn?: number;
  file?: string | Buffer;
  filename?: string;
  secret?: string;
  accessKeyId?: string;
  /** Of the credential's scope. */
  region?: string;
  /** Conditions in place of those on bucket, key and credential. */
  only?: unknown[];
  expiration?: string;
}

/** Posts a form as a browser would, signed as the S3 documentation says. */
function post({ fields = {}, conditions, expiresIn = 60_000, file = "hello", ...options }: FormOptions = {}) {
  const { filename = "report.txt", secret = h.secretAccessKey, accessKeyId = h.accessKeyId } = options;
  const scope = ["20260101", options.region ?? "us-east-1", "s3", "aws4_request"];
  const usual = [
    ...[{ bucket: BUCKET }, ["starts-with", "$key", "in/"], ["starts-with", "$x-amz-credential", ""]],
    ...[{ "x-amz-algorithm": "AWS4-HMAC-SHA256" }, { "x-amz-date": "20260101T000000Z" }],
  ];
  const policy = Buffer.from(
    JSON.stringify({
      expiration: options.expiration ?? new Date(h.clock.now() + expiresIn).toISOString(),
      conditions: [...(options.only ?? usual), ...(conditions ?? [])],
    }),
  ).toString("base64");
  const key = scope.reduce<string | Buffer>((previous, part) => hmac(previous, part), `AWS4${secret}`);
  const form = new FormData();
  const all = {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: S3's own placeholder
    key: "in/${filename}",
    policy,
    "x-amz-algorithm": "AWS4-HMAC-SHA256",
    "x-amz-credential": [accessKeyId, ...scope].join("/"),
    "x-amz-date": "20260101T000000Z",
    "x-amz-signature": hmac(key, policy).toString("hex"),
    ...fields,
  };
  for (const [name, value] of Object.entries(all)) form.set(name, value);
  form.set("file", new Blob([new Uint8Array(Buffer.from(file))]), filename);
  form.set("submit", "after the file, so ignored");
  return h.anonymous(`/${BUCKET}`, { method: "POST", body: form, redirect: "manual" });
}

describe("a browser's form", () => {
  it("uploads a file", async () => {
    h.events.length = 0;
    h.authorized.length = 0;
    h.callers.length = 0;
    const response = await post({
      fields: { "Content-Type": "text/plain", "x-amz-meta-from": "form", "x-ignore-me": "1" },
      conditions: [
        ["eq", "$content-type", "text/plain"],
        ["starts-with", "$x-amz-meta-from", ""],
      ],
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("location")).toMatch(/\/files\/in\/report\.txt$/);
    const got = await h.anonymous(`/${BUCKET}/in/report.txt`);
    expect(got.headers.get("content-type")).toBe("text/plain");
    expect(got.headers.get("x-amz-meta-from")).toBe("form");
    expect(await got.text()).toBe("hello");
    expect(h.events).toMatchObject([{ detail: { reason: "POST Object", object: { key: "in/report.txt" } } }]);
    expect(h.authorized[0]).toBe(`s3:PutObject arn:aws:s3:::${BUCKET}/in/report.txt`);
    expect(h.callers[0]).toBe("arn:aws:iam::000000000000:root");
  });

  it("may hold anything, boundaries nearly included", async () => {
    const file = Buffer.alloc(2 * MIB, "\r\n------form");
    expect((await post({ file, filename: 'quo"te ü.bin' })).status).toBe(204);
    const got = await h.anonymous(`/${BUCKET}/in/${encodeURIComponent('quo"te ü.bin')}`);
    expect(Buffer.from(await got.arrayBuffer()).equals(file)).toBe(true);
  });

  it("may say more of the file than a header can", async () => {
    const fields = { "x-amz-meta-of": "中", "Content-Disposition": 'attachment; filename="中.txt"' };
    const conditions = ["$x-amz-meta-of", "$content-disposition"].map((name) => ["starts-with", name, ""]);
    expect((await post({ fields, conditions, filename: "wide.txt" })).status).toBe(204);
    const got = await h.anonymous(`/${BUCKET}/in/wide.txt`);
    expect(got.headers.get("x-amz-meta-of")).toBe("=?UTF-8?Q?=E4=B8=AD?=");
    expect(got.headers.get("content-disposition")).toBe('attachment; filename=" .txt"');
  });

  it("is answered as it asks", async () => {
    const status = (value: string) =>
      post({
        fields: { success_action_status: value },
        conditions: [["starts-with", "$success_action_status", ""]],
      });
    expect((await status("200")).status).toBe(200);
    const created = await status("201");
    expect(created.status).toBe(201);
    expect(await created.text()).toContain("<PostResponse");
    const redirect = await post({
      fields: { success_action_redirect: "https://app.example.com/done?x=1" },
      conditions: [["starts-with", "$success_action_redirect", "https://app.example.com/"]],
    });
    expect(redirect.status).toBe(303);
    expect(redirect.headers.get("location")).toMatch(
      /^https:\/\/app\.example\.com\/done\?x=1&bucket=files&key=in%2Freport\.txt&etag=/,
    );
  });

  it.each<[string, FormOptions, string]>([
    ["expired", { expiresIn: -1 }, "403 AccessDenied"],
    ["another key", { fields: { key: "out/x" } }, "403 AccessDenied"],
    ["a field that the policy doesn't mention", { fields: { acl: "private" } }, "403 AccessDenied"],
    ["another value", { conditions: [{ "x-amz-meta-a": "1" }] }, "403 AccessDenied"],
    [
      "no condition on the bucket",
      {
        only: ["$key", "$x-amz-credential", "$x-amz-algorithm", "$x-amz-date"].map((name) => [
          ...["starts-with", name, ""],
        ]),
      },
      "403 AccessDenied",
    ],
    ["a field of another signature", { fields: { AWSAccessKeyId: "AKIA" } }, "403 AccessDenied"],
    ["another region", { region: "eu-west-1" }, "400 InvalidArgument"],
    ["no date", { fields: { "x-amz-date": "" } }, "400 InvalidArgument"],
    ["the date of another day", { fields: { "x-amz-date": "20260102T000000Z" } }, "400 InvalidArgument"],
    ["a local time", { expiration: "2126-01-01T00:00:00+02:00" }, "400 InvalidPolicyDocument"],
    [
      "two fields in one condition",
      { conditions: [{ "x-ignore-a": "", "x-ignore-b": "" }] },
      "400 InvalidPolicyDocument",
    ],
    [
      "too long for one of two ranges",
      {
        conditions: [
          ["content-length-range", 0, 4],
          ["content-length-range", 0, 100],
        ],
      },
      "400 EntityTooLarge",
    ],
    ["an unknown operator", { conditions: [["ends-with", "$key", "txt"]] }, "403 AccessDenied"],
    ["too long", { conditions: [["content-length-range", 0, 4]] }, "400 EntityTooLarge"],
    ["too short", { conditions: [["content-length-range", 6, 10]] }, "400 EntityTooSmall"],
    ["another secret", { secret: "wrong" }, "403 SignatureDoesNotMatch"],
    ["an unknown key", { accessKeyId: "unknown" }, "403 InvalidAccessKeyId"],
    ["no policy", { fields: { policy: "" } }, "403 SignatureDoesNotMatch"],
    [
      "fields too long",
      { fields: { "x-ignore-long": "x".repeat(30_000) } },
      "400 MaxPostPreDataLengthExceeded",
    ],
  ])("is refused: %s", async (_name, options, expected) => {
    const filename = "refused.txt";
    expect(await outcome(await post({ ...options, filename }))).toBe(expected);
    expect((await h.anonymous(`/${BUCKET}/in/${filename}`)).status).toBe(404);
  });

  it("may be as long as its range says, to the byte, empty included", async () => {
    const range = (min: number, max: number) => ({ conditions: [["content-length-range", min, max]] });
    expect((await post({ ...range(5, 5), filename: "exact.txt" })).status).toBe(204);
    expect((await post({ ...range(0, 0), file: "", filename: "empty.txt" })).status).toBe(204);
    expect(await (await h.anonymous(`/${BUCKET}/in/empty.txt`)).text()).toBe("");
  });

  it("takes the place of what stands there", async () => {
    expect((await post({ file: "one", filename: "twice.txt" })).status).toBe(204);
    expect((await post({ file: "two", filename: "twice.txt" })).status).toBe(204);
    expect(await (await h.anonymous(`/${BUCKET}/in/twice.txt`)).text()).toBe("two");
  });

  it("is refused where its signer may not put the object", async () => {
    h.denied.add("s3:PutObject");
    expect(await outcome(await post({ filename: "denied.txt" }))).toBe("403 AccessDenied");
    h.denied.clear();
    expect((await h.anonymous(`/${BUCKET}/in/denied.txt`)).status).toBe(404);
  });

  it("ends with the keys that signed it", async () => {
    const role = { kind: "role", arn: "arn:aws:iam::000000000000:role/r", role: "r" } as const;
    const keys = createCredentials({ clock: h.clock, dir: undefined }).issue(role, { ttlMs: 30_000 });
    h.temporary = { ...keys, principal: role };
    const form = {
      ...{ secret: keys.secretAccessKey, accessKeyId: keys.accessKeyId, filename: "role.txt" },
      fields: { "x-amz-security-token": keys.sessionToken },
      conditions: [["eq", "$x-amz-security-token", keys.sessionToken]],
    };
    expect((await post(form)).status).toBe(204);
    expect(h.callers.at(-1)).toBe(role.arn);
    expect(await outcome(await post({ ...form, conditions: [] }))).toBe("403 AccessDenied");
    h.clock.advance(30_000);
    expect(await outcome(await post(form))).toBe("400 ExpiredToken");
  });

  it("that isn't one is refused", async () => {
    const send = async (type: string, body: string) =>
      outcome(await h.anonymous(`/${BUCKET}`, { method: "POST", body, headers: { "content-type": type } }));
    expect(await send("text/plain", "hello")).toBe("400 MalformedPOSTRequest");
    const type = "multipart/form-data; boundary=b";
    expect(await send(type, "hello")).toBe("400 MalformedPOSTRequest");
    expect(await send(type, "--b--\r\n")).toBe("400 InvalidArgument");
    const headless = '--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--\r\n';
    expect(await send(type, headless)).toBe("400 InvalidArgument");
  });
});
