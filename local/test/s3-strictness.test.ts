/** What a request names and this S3 doesn't have is refused by its name, never left out. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import {
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetBucketTaggingCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  type ObjectIdentifier,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUCKET, errorCode, type Harness, outcome, refusal, startS3 } from "./s3-harness.ts";

let h: Harness;
beforeAll(async () => {
  h = await startS3();
  h.s3.createBucket({ name: "tagged", tags: { team: "files" } });
});
afterAll(() => h[Symbol.asyncDispose]());

const Bucket = BUCKET;
const put = (Key: string) => h.client.send(new PutObjectCommand({ Bucket, Key, Body: "hello" }));
const isThere = (Key: string) =>
  h.client.send(new HeadObjectCommand({ Bucket, Key })).then(
    () => true,
    () => false,
  );
const md5 = (text: string) => createHash("md5").update(text).digest("base64");

/** Status, code and what the answer names of the request. */
async function named(response: Response): Promise<string> {
  const text = await response.text();
  const name = /<(?:Header|Parameter|Element|ArgumentName)>([^<]*)</.exec(text)?.[1];
  return [response.status, errorCode(text), name].filter(Boolean).join(" ");
}

const send = async (method: string, path: string, body?: string) =>
  named(
    await h.anonymous(path, {
      method,
      ...(body !== undefined && { body, headers: { "content-md5": md5(body) } }),
    }),
  );

describe("a parameter of a bucket", () => {
  it.each([
    ["GET", "session"],
    ["GET", "metadataTable"],
    ["GET", "abac"],
    ["GET", "foo"],
    ["GET", "acl"],
    ["GET", "list-type=2&foo"],
    ["GET", "cors&foo"],
    ["PUT", "tagging"],
    ["PUT", "cors"],
    ["PUT", "abac"],
    ["DELETE", "tagging"],
    ["DELETE", "cors"],
    ["POST", "delete&foo"],
    ["POST", "cors"],
    ["GET", "delete"],
    ["POST", "metadataTable"],
  ])("%s ?%s is 501 and named", async (method, query) => {
    const foreign = query.split("&").at(-1);
    expect(await send(method, `/${BUCKET}?${query}=`)).toBe(`501 NotImplemented ${foreign}`);
  });

  it("is called a query parameter", async () => {
    const text = await (await h.anonymous(`/${BUCKET}?acl`)).text();
    expect(text).toContain("<Message>A query parameter you provided implies functionality that is not");
    expect(text).not.toContain("<Header>");
  });

  it.each([
    ["list-type=3", "501 NotImplemented list-type"],
    ["list-type=", "501 NotImplemented list-type"],
    ["delimiter=%2F&marker=a&max-keys=1&encoding-type=url&prefix=x", "200"],
    ["list-type=2&start-after=a&fetch-owner=true&x-id=ListObjectsV2", "200"],
    ["X-Amz-Expected-Bucket-Owner=000000000000", "200"],
    ["uploads&key-marker=a&upload-id-marker=b&max-uploads=1", "200"],
  ])("GET ?%s: %s", async (query, expected) => {
    expect(await send("GET", `/${BUCKET}?${query}`)).toBe(expected);
  });

  it("makes and removes no bucket", async () => {
    for (const [method, path, name] of [
      ["PUT", "/another", "CreateBucket"],
      ["PUT", `/${BUCKET}`, "CreateBucket"],
      ["DELETE", `/${BUCKET}`, "DeleteBucket"],
    ] as const) {
      const answer = await h.anonymous(path, { method });
      expect(answer.status).toBe(501);
      expect(await answer.text()).toContain(`${name} is not here`);
    }
    expect(await send("GET", "/another")).toBe("404 NoSuchBucket");
    expect(await send("DELETE", "/another/key")).toBe("404 NoSuchBucket");
  });
});

describe("buckets", () => {
  it("are listed with their names, dates and owner", async () => {
    h.authorized.length = 0;
    const { Buckets, Owner } = await h.client.send(new ListBucketsCommand());
    expect(Buckets?.map(({ Name }) => Name)).toEqual([BUCKET, "tagged"]);
    expect(Owner?.ID).toMatch(/^[0-9a-f]{64}$/);
    const [first] = Buckets ?? [];
    expect(Math.abs((first?.CreationDate?.getTime() ?? 0) - h.clock.now())).toBeLessThan(600_000);
    expect(h.authorized).toEqual(["s3:ListAllMyBuckets arn:aws:s3:::*"]);

    // Another template of the same bucket makes it no younger.
    h.clock.advance(60_000);
    h.s3.createBucket({ name: BUCKET, eventBridgeEnabled: true });
    const again = await h.client.send(new ListBucketsCommand());
    expect(again.Buckets?.[0]?.CreationDate).toEqual(first?.CreationDate);
  });

  it("are listed in pages, and by prefix", async () => {
    const page = await h.client.send(new ListBucketsCommand({ MaxBuckets: 1 }));
    expect(page.Buckets?.map(({ Name }) => Name)).toEqual([BUCKET]);
    const { ContinuationToken } = page;
    const rest = await h.client.send(new ListBucketsCommand({ MaxBuckets: 1, ContinuationToken }));
    expect([rest.Buckets?.map(({ Name }) => Name), rest.ContinuationToken]).toEqual([["tagged"], undefined]);
    const { Buckets } = await h.client.send(new ListBucketsCommand({ Prefix: "ta" }));
    expect(Buckets?.map(({ Name }) => Name)).toEqual(["tagged"]);
  });

  it.each([
    ["GET", "/?foo", "501 NotImplemented foo"],
    ["GET", "/?max-buckets=0", "400 InvalidArgument max-buckets"],
    ["PUT", "/", "405 MethodNotAllowed"],
    ["POST", "/", "405 MethodNotAllowed"],
  ])("%s %s: %s", async (method, path, expected) => {
    expect(await send(method, path)).toBe(expected);
  });

  it("have the template's tags, or none", async () => {
    const { TagSet } = await h.client.send(new GetBucketTaggingCommand({ Bucket: "tagged" }));
    expect(TagSet).toEqual([{ Key: "team", Value: "files" }]);
    expect(await refusal(h.client.send(new GetBucketTaggingCommand({ Bucket })))).toEqual({
      name: "NoSuchTagSet",
      message: "The TagSet does not exist",
    });
  });
});

describe("DeleteObjects", () => {
  const remove = (...Objects: ObjectIdentifier[]) =>
    h.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  const post = (inner: string) => send("POST", `/${BUCKET}?delete`, `<Delete>${inner}</Delete>`);

  it.each<[string, Partial<ObjectIdentifier>]>([
    ["VersionId", { VersionId: "null" }],
    ["Size", { Size: 99 }],
    ["LastModifiedTime", { LastModifiedTime: new Date(0) }],
  ])("with %s deletes nothing", async (element, more) => {
    await put("kept");
    const refused = remove({ Key: "kept", ...more });
    expect(await refusal(refused)).toEqual({
      name: "NotImplemented",
      message: "An element you provided implies functionality that is not implemented",
    });
    expect(await post(`<Object><Key>kept</Key><${element}>1</${element}></Object>`)).toBe(
      `501 NotImplemented ${element}`,
    );
    expect(await isThere("kept")).toBe(true);
  });

  it("deletes by ETag", async () => {
    const { ETag } = await put("tagged");
    const { Errors } = await remove({ Key: "tagged", ETag: "other" });
    expect(Errors).toMatchObject([{ Key: "tagged", Code: "PreconditionFailed" }]);
    expect(await isThere("tagged")).toBe(true);
    expect((await remove({ Key: "tagged", ETag })).Deleted).toEqual([{ Key: "tagged" }]);
    expect(await isThere("tagged")).toBe(false);
  });

  it("refuses a key that is too long, and deletes the others", async () => {
    await put("short");
    const long = "é".repeat(513);
    const { Deleted, Errors } = await remove({ Key: long }, { Key: "short" });
    expect(Deleted).toEqual([{ Key: "short" }]);
    expect(Errors).toEqual([{ Key: long, Code: "KeyTooLongError", Message: "Your key is too long" }]);
  });

  it.each([
    ["<Object><Key>kept</Key><Foo>1</Foo></Object>", "400 MalformedXML Foo"],
    ["<Object><Key>kept</Key></Object><Foo>1</Foo>", "400 MalformedXML Foo"],
    ["<Object><Key>kept</Key></Object><Quiet>maybe</Quiet>", "400 MalformedXML"],
    ["<Object>text<Key>kept</Key></Object>", "400 MalformedXML"],
    ["<Object><Key>kept</Key><Key>kept</Key></Object>", "400 MalformedXML"],
    ["", "400 MalformedXML"],
    ["\n <Object>\n\t<Key>not there</Key>\n </Object>\n<Quiet>true</Quiet>\n", "200"],
  ])("of %j: %s", async (inner, expected) => {
    await put("kept");
    expect(await post(inner)).toBe(expected);
    expect(await isThere("kept")).toBe(true);
  });
});

describe("other documents", () => {
  const tagging = (inner: string) => send("PUT", `/${BUCKET}/doc?tagging`, `<Tagging>${inner}</Tagging>`);
  it.each([
    ["<TagSet><Tag><Key>a</Key><Value>1</Value><Foo/></Tag></TagSet>", "400 MalformedXML Foo"],
    ["<TagSet><Foo/></TagSet>", "400 MalformedXML Foo"],
    ["<TagSet></TagSet><Foo/>", "400 MalformedXML Foo"],
    ["<TagSet>words</TagSet>", "400 MalformedXML"],
    ["\n<TagSet>\n <Tag><Key>a</Key>\n<Value>1</Value></Tag>\n</TagSet>\n", "200"],
    ["<TagSet> </TagSet>", "200"],
  ])("tags of %j: %s", async (inner, expected) => {
    await put("doc");
    expect(await tagging(inner)).toBe(expected);
  });

  it("a list of parts", async () => {
    const { UploadId } = await h.client.send(new CreateMultipartUploadCommand({ Bucket, Key: "parts" }));
    const complete = (inner: string) =>
      send(
        "POST",
        `/${BUCKET}/parts?uploadId=${UploadId}`,
        `<CompleteMultipartUpload xmlns="x">\n${inner}</CompleteMultipartUpload>`,
      );
    const part = (more: string) => `<Part>\n<PartNumber>1</PartNumber><ETag>none</ETag>${more}</Part>`;
    expect(await complete(part("<Foo>1</Foo>"))).toBe("400 MalformedXML Foo");
    expect(await complete(part("<ChecksumSHA512>x</ChecksumSHA512>"))).toBe(
      "501 NotImplemented ChecksumSHA512",
    );
    expect(await complete(`${part("")}<Foo/>`)).toBe("400 MalformedXML Foo");
    expect(await complete(part("<ChecksumCRC32>NhCmhg==</ChecksumCRC32>"))).toBe("400 InvalidPart");
  });
});

describe("grants", () => {
  const grant = { "x-amz-grant-read": 'uri="http://acs.amazonaws.com/groups/global/AllUsers"' };
  it.each([
    ["PUT", "grants"],
    ["POST", "grants?uploads"],
  ])("of %s %s are refused as ACLs are", async (method, path) => {
    const body = method === "PUT" ? "x" : undefined;
    const answer = await h.anonymous(`/${BUCKET}/${path}`, { method, headers: grant, ...(body && { body }) });
    expect(await outcome(answer)).toBe("400 AccessControlListNotSupported");
  });

  it("of a copy, too", async () => {
    await put("granted");
    const headers = { ...grant, "x-amz-copy-source": `${BUCKET}/granted` };
    const answer = await h.anonymous(`/${BUCKET}/copy`, { method: "PUT", headers });
    expect(await outcome(answer)).toBe("400 AccessControlListNotSupported");
  });

  it("on a bucket that has ACLs are 501 and named", async () => {
    h.s3.createBucket({ name: "shared", ownership: "ObjectWriter" });
    const answer = await h.anonymous("/shared/grants", { method: "PUT", body: "x", headers: grant });
    expect(await named(answer)).toBe("501 NotImplemented x-amz-grant-read");
  });
});

describe("a client that waits to be asked for its body", () => {
  /** Whether it was asked, and what it was told. */
  async function wait(path: string, headers: Record<string, string>) {
    const expecting = { ...headers, expect: "100-continue" };
    const req = request(`${h.endpoint}${path}`, { method: "PUT", headers: expecting });
    let asked = false;
    req.on("continue", () => {
      asked = true;
      req.end("hello");
    });
    req.flushHeaders();
    const [res] = await once(req, "response");
    const text = Buffer.concat(await res.toArray()).toString();
    req.destroy();
    return { asked, status: res.statusCode, code: errorCode(text), connection: res.headers.connection };
  }

  const tooLong = String(5 * 1024 ** 3 + 1);
  it.each<[string, string, Record<string, string>, string]>([
    ["of more than 5 GiB", `/${BUCKET}/long`, { "content-length": tooLong }, "EntityTooLarge"],
    [
      "of more than 5 GiB in S3's chunks",
      `/${BUCKET}/long`,
      {
        "content-length": "5",
        "x-amz-decoded-content-length": tooLong,
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      },
      "EntityTooLarge",
    ],
    [
      "of an unknown upload",
      `/${BUCKET}/a?uploadId=x&partNumber=1`,
      { "content-length": "5" },
      "NoSuchUpload",
    ],
    ["of no bucket", "/nowhere/a", { "content-length": "5" }, "NoSuchBucket"],
  ])("%s is not", async (_name, path, headers, code) => {
    // A body that was never asked for may come all the same: the connection can't be used for anything else.
    expect(await wait(path, headers)).toMatchObject({ asked: false, code, connection: "close" });
  });

  it("is asked for one that is welcome", async () => {
    expect(await wait(`/${BUCKET}/welcome`, { "content-length": "5" })).toMatchObject({
      asked: true,
      status: 200,
    });
  });
});
