import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type BrokenForm, type Fault, type LateLayout, s3Fault } from "../faults.ts";
import type { S3ErrorCode } from "../s3/errors.ts";
import { BUCKET, errorCode, type Harness, outcome, refusal, startS3 } from "./s3-harness.ts";

let h: Harness;
beforeAll(async () => {
  h = await startS3();
});
afterEach(() => h.setFault());
afterAll(() => h[Symbol.asyncDispose]());

const Bucket = BUCKET;
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** The one call that a fault strikes. */
function strike(action: string, fault: Fault): void {
  h.setFault((call) => {
    if (call.action !== action) return undefined;
    h.setFault();
    return fault;
  });
}

/** An upload with one part, and the verbs that follow. */
async function begin(Key: string) {
  const { UploadId } = await h.client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const upload = { Bucket, Key, UploadId };
  const { ETag } = await h.client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: "bytes" }));
  const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${ETag}</ETag></Part></CompleteMultipartUpload>`;
  return {
    /** As any HTTP client sees it. */
    post: () => h.anonymous(`/${BUCKET}/${Key}?uploadId=${UploadId}`, { method: "POST", body }),
    complete: (more = {}) =>
      h.client.send(
        new CompleteMultipartUploadCommand({
          ...upload,
          MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
          ...more,
        }),
      ),
    abort: () => h.client.send(new AbortMultipartUploadCommand(upload)),
    parts: () => h.client.send(new ListPartsCommand(upload)),
    part: () => h.client.send(new UploadPartCommand({ ...upload, PartNumber: 2, Body: "bytes" })),
    exists: () =>
      h.client.send(new HeadObjectCommand({ Bucket, Key })).then(
        () => true,
        () => false,
      ),
  };
}

describe("a 200 that ends in an error", () => {
  const layouts: Record<LateLayout, RegExp> = {
    none: /^<\?xml [^>]*\?>\n<Error>/,
    before: /^ +<\?xml [^>]*\?>\n<Error>/,
    between: /^<\?xml [^>]*\?>\n +<Error>/,
    both: /^ +<\?xml [^>]*\?>\n +<Error>/,
  };
  for (const layout of ["none", "before", "between", "both"] as const) {
    it(`has its white space: ${layout}`, async () => {
      const u = await begin(`late-${layout}`);
      strike("CompleteMultipartUpload", { lateError: s3Fault("InternalError").error, layout });
      const answer = await u.post();
      const text = await answer.text();
      expect([answer.status, errorCode(text)]).toEqual([200, "InternalError"]);
      expect(answer.headers.get("content-length")).toBeNull();
      expect(text).toMatch(layouts[layout]);
      expect([await u.exists(), (await u.parts()).Parts?.length]).toEqual([false, 1]);
      await u.complete();
    });
  }

  it("is understood by the SDK, of a copy too", async () => {
    await h.client.send(new PutObjectCommand({ Bucket, Key: "source", Body: "bytes" }));
    strike("CopyObject", { lateError: s3Fault("SlowDown").error });
    const copy = h.client.send(
      new CopyObjectCommand({ Bucket, Key: "late-copy", CopySource: `${BUCKET}/source` }),
    );
    expect((await refusal(copy)).name).toBe("SlowDown");
    const u = await begin("late-sdk");
    strike("CompleteMultipartUpload", { lateError: s3Fault("InternalError").error, layout: "before" });
    expect((await refusal(u.complete())).name).toBe("InternalError");
  });
});

describe("a 200 without its document", () => {
  const forms: Record<BrokenForm, (text: string) => void> = {
    empty: (text) => expect(text).toBe(""),
    preamble: (text) => expect(text).toMatch(/^<\?xml [^>]*\?>\n +$/),
    half: (text) => expect(text).not.toMatch(/<\/Complete/),
    unclosed: (text) => expect(text).toMatch(/<ETag>[^<]*<\/ETag>(?!.*<\/Complete)/),
  };
  for (const broken of ["empty", "preamble", "half", "unclosed"] as const) {
    for (const happened of [true, false]) {
      it(`leaves ${broken}, ${happened ? "and happened" : "and did not happen"}`, async () => {
        const u = await begin(`broken-${broken}-${happened}`);
        strike("CompleteMultipartUpload", { broken, happened, end: "clean" });
        const clean = await u.post();
        expect(clean.status).toBe(200);
        forms[broken](await clean.text());
        expect(await u.exists()).toBe(happened);

        strike("CompleteMultipartUpload", { broken, happened: false });
        const cut = await u.post();
        expect(cut.status).toBe(200);
        await expect(cut.text()).rejects.toThrow();
        await u.complete(); // also where it was complete: S3 repeats the answer
        expect(await u.exists()).toBe(true);
      });
    }
  }

  it("is S3's refusal where the call was refused all the same", async () => {
    const u = await begin("broken-refused");
    await u.abort();
    strike("CompleteMultipartUpload", { broken: "empty", happened: true });
    expect(await outcome(await u.post())).toBe("404 NoSuchUpload");
  });
});

describe("a completion that takes minutes", () => {
  it("hides the upload at once, and shows the object in the end", async () => {
    const u = await begin("slow");
    const gate = Promise.withResolvers<void>();
    strike("CompleteMultipartUpload", { slow: gate.promise });
    const answer = await u.post();
    expect(answer.status).toBe(200); // long before it is done
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!/\n {2}/.test(text)) text += (await reader?.read())?.value ?? "";

    for (const call of [u.complete, u.parts, u.part, u.abort]) {
      expect((await refusal(call())).name).toBe("NoSuchUpload");
    }
    const { Uploads = [] } = await h.client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: "slow" }));
    expect(Uploads).toEqual([]);
    expect(await u.exists()).toBe(false);

    gate.resolve();
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (done) break;
      text += value;
    }
    expect(text.slice(0, DECLARATION.length)).toBe(DECLARATION);
    expect(text).toMatch(/<\/CompleteMultipartUploadResult>$/);
    expect(await u.exists()).toBe(true);
    expect((await u.complete()).ETag).toMatch(/-1"$/);
  });

  it("lasts by the cloud's clock, also once its client has gone", async () => {
    const u = await begin("slow-gone");
    strike("CompleteMultipartUpload", { slow: 120_000 });
    const answer = await u.post();
    await answer.body?.cancel();
    h.clock.advance(60_000);
    expect(await u.exists()).toBe(false);
    h.clock.advance(60_000);
    await expect.poll(u.exists).toBe(true);
  });

  it("fails late where its condition does not hold any more", async () => {
    const u = await begin("slow-taken");
    const gate = Promise.withResolvers<void>();
    strike("CompleteMultipartUpload", { slow: gate.promise });
    const completed = u.complete({ IfNoneMatch: "*" });
    await expect
      .poll(() => refusal(u.parts()).catch(() => undefined))
      .toMatchObject({ name: "NoSuchUpload" });
    await h.client.send(new PutObjectCommand({ Bucket, Key: "slow-taken", Body: "other" }));
    gate.resolve();
    expect((await refusal(completed)).name).toBe("PreconditionFailed");
    expect((await u.parts()).Parts?.length).toBe(1);
  });
});

describe("a fault that the call can't have", () => {
  it.each<[string, Fault]>([
    ["late", { lateError: s3Fault("SlowDown").error }],
    ["broken", { broken: "empty", happened: true }],
    ["slow", { slow: 1 }],
  ])("is told to whoever wrote the test: %s", async (_name, fault) => {
    strike("GetObject", fault);
    expect(await outcome(await h.anonymous(`/${BUCKET}/any`))).toBe("500 InternalError");
    expect(h.defects.splice(0).map(String)).toEqual([expect.stringContaining("GetObject can't")]);
  });
});

describe("S3's errors by name", () => {
  const cases: [S3ErrorCode, number][] = [
    ["AccessDenied", 403],
    ["RequestTimeTooSkewed", 403],
    ["NoSuchKey", 404],
    ["NoSuchUpload", 404],
    ["ConditionalRequestConflict", 409],
    ["OperationAborted", 409],
    ["RequestTimeout", 400],
    ["InternalError", 500],
    ["ServiceUnavailable", 503],
    ["SlowDown", 503],
  ];
  it.each(cases)("%s is %i, and a HEAD's has no body", async (code, status) => {
    strike("GetObject", s3Fault(code));
    expect(await outcome(await h.anonymous(`/${BUCKET}/any`))).toBe(`${status} ${code}`);
    strike("HeadObject", s3Fault(code));
    const head = await h.anonymous(`/${BUCKET}/any`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([status, ""]);
  });

  it("strikes before a body is read", async () => {
    strike("PutObject", s3Fault("RequestTimeout"));
    const answer = await h.anonymous(`/${BUCKET}/unread`, { method: "PUT", body: "x".repeat(1_000_000) });
    expect(answer.headers.get("connection")).toBe("close");
    expect(await outcome(answer)).toBe("400 RequestTimeout");
  });
});

// Amazon S3 API Reference, GetObject and HeadObject, "Permissions": 404 with s3:ListBucket, 403 without.
describe("a key that does not exist", () => {
  afterEach(() => h.denied.clear());

  it.each([
    ["with", 404, "NoSuchKey"],
    ["without", 403, "AccessDenied"],
  ])("is, %s s3:ListBucket, %i", async (granted, status, code) => {
    if (granted === "without") h.denied.add("s3:ListBucket");
    const key = { Bucket, Key: "nobody/wrote/this" };
    const get = await fetch(await getSignedUrl(h.client, new GetObjectCommand(key)));
    expect(await outcome(get)).toBe(`${status} ${code}`);
    const head = await fetch(await getSignedUrl(h.client, new HeadObjectCommand(key)), { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([status, ""]);
    expect(await refusal(h.client.send(new GetObjectCommand(key)))).toMatchObject({ name: code });
    await expect(h.client.send(new HeadObjectCommand(key))).rejects.toMatchObject({
      $metadata: { httpStatusCode: status },
    });
    const copy = new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${BUCKET}/${key.Key}` });
    expect(await refusal(h.client.send(copy))).toMatchObject({ name: code });
    // A delete of nothing is fine for whoever may delete.
    await h.client.send(new DeleteObjectCommand(key));
  });
});
