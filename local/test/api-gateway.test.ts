// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
import { connect } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Cloud } from "../cloud.ts";
import { type Fixture, proxyTo, startFixture, uriOf } from "./fixture.ts";

const echo = {
  code: "export const handler = async (event) => ({ statusCode: 200, body: JSON.stringify(event) });",
};

const say = (answer: string) => ({ code: `export const handler = async (event) => (${answer});` });

const gatewayResponse = (ResponseType: string, own: object) => ({
  Type: "AWS::ApiGateway::GatewayResponse",
  Properties: { RestApiId: { Ref: "Api" }, ResponseType, ...own },
});

const mapped = (own: object) => ({
  Type: "AWS",
  IntegrationHttpMethod: "POST",
  Uri: uriOf("Fn"),
  PassthroughBehavior: "NEVER",
  ...own,
});

/** What API Gateway renamed, by the name before. */
const remapped = (headers: Headers) =>
  Object.fromEntries(
    [...headers].flatMap(([name, value]) => {
      const before = /^x-amzn-remapped-(.+)$/.exec(name)?.[1];
      return before === undefined ? [] : [[before, value]];
    }),
  );

/** Sends raw bytes and returns what comes back until `until` shows up or the connection ends. */
function raw(cloud: Cloud, text: string, until: RegExp): Promise<string> {
  const { port } = new URL(cloud.apiUrl);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(text));
    let got = "";
    const finish = () => {
      socket.destroy();
      resolve(got);
    };
    socket.on("data", (chunk) => {
      got += chunk;
      if (until.test(got)) finish();
    });
    socket.on("end", finish);
    socket.on("error", reject);
  });
}

describe("proxy integrations", { tags: ["apigateway.proxy"] }, () => {
  const fixture: Fixture = {
    functions: { Fn: echo, Item: echo },
    paths: {
      "/": { ANY: proxyTo("Fn") },
      "/{proxy+}": { ANY: proxyTo("Fn") },
      "/items/{id}": { GET: proxyTo("Item") },
      "/items/special": { ANY: proxyTo("Fn") },
    },
  };

  test.each<[string, string, string, object | null]>([
    ["GET", "/", "/", null],
    ["GET", "/prod", "/", null],
    ["GET", "/items/a%20b", "/items/{id}", { id: "a%20b" }],
    ["GET", "/prod/items/7", "/items/{id}", { id: "7" }],
    ["GET", "/items/special", "/items/special", null],
    ["DELETE", "/other/x/y", "/{proxy+}", { proxy: "other/x/y" }],
  ])("%s %s goes to %s", async (method, path, resource, pathParameters) => {
    const cloud = await startFixture(fixture);
    const event = await (await fetch(cloud.apiUrl + path, { method })).json();
    expect(event).toMatchObject({
      resource,
      pathParameters,
      httpMethod: method,
      path: path.replace(/^\/prod/, "") || "/",
      requestContext: {
        stage: "prod",
        resourcePath: resource,
        path: `/prod${path.replace(/^\/prod/, "") || "/"}`,
      },
    });
  });

  test("ANY is not every method", async () => {
    const cloud = await startFixture(fixture);
    const answer = await raw(
      cloud,
      "TRACE / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
      /\}$/,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
  });

  test("a function whose reserved environments are taken is a configuration error", async () => {
    const cloud = await startFixture({
      functions: { Fn: { ...echo, properties: { ReservedConcurrentExecutions: 0 } } },
      paths: { "/": { ANY: proxyTo("Fn") } },
      resources: {
        Busy: gatewayResponse("API_CONFIGURATION_ERROR", { StatusCode: "503" }),
      },
    });
    expect((await fetch(cloud.apiUrl)).status).toBe(503);
  });

  test("the event holds headers and query in both forms", async () => {
    const cloud = await startFixture(fixture);
    const answer = await raw(
      cloud,
      "GET /x?a=1&a=2&b=%2F HTTP/1.1\r\nHost: localhost:1\r\nX-Two: 1\r\nx-two: 2\r\nConnection: close\r\n\r\n",
      /\n\}$/,
    );
    const event = JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")));
    expect(event).toMatchObject({
      queryStringParameters: { a: "2", b: "/" },
      multiValueQueryStringParameters: { a: ["1", "2"], b: ["/"] },
      headers: { "X-Two": "2", "X-Forwarded-For": "127.0.0.1" },
      multiValueHeaders: { "X-Two": ["1", "2"] },
      stageVariables: { color: "red" },
      requestContext: {
        domainName: "localhost",
        identity: { sourceIp: "127.0.0.1" },
        protocol: "HTTP/1.1",
      },
      body: null,
      isBase64Encoded: false,
    });
  });

  test("headers of the connection and of the body's framing reach no function", async () => {
    const cloud = await startFixture(fixture);
    const dropped = [
      ...["Content-MD5: x", "Expect: 100-continue", "Keep-Alive: timeout=5", "Max-Forwards: 2"],
      ...["Proxy-Authenticate: Basic", "Server: x", "TE: deflate", "Trailer: Expires", "Upgrade: HTTP/2.0"],
      ...["WWW-Authenticate: Basic", "Connection: close", "Content-Length: 2"],
    ];
    const kept = [
      "Host: localhost",
      "Range: bytes=0-1",
      "Content-Range: bytes 0-1/2",
      "Date: x",
      "If-Match: *",
    ];
    const answer = await raw(
      cloud,
      `POST /x HTTP/1.1\r\n${[...dropped, ...kept].join("\r\n")}\r\n\r\nhi`,
      /"isBase64Encoded":\w+\}$/,
    );
    const event = JSON.parse(answer.slice(answer.indexOf("{")));
    const names = (lines: string[]) => lines.map((line) => line.split(":", 1)[0]);
    expect(event.body).toBe("hi");
    expect(Object.keys(event.multiValueHeaders)).toEqual([
      ...names(kept),
      ...["X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto"],
    ]);
  });

  test("bodies are text, or base64 for binary media types", { tags: ["apigateway.binary"] }, async () => {
    const cloud = await startFixture(fixture);
    const post = async (type: string) =>
      (
        await fetch(`${cloud.apiUrl}/x`, { method: "POST", body: "héllo", headers: { "content-type": type } })
      ).json();
    expect(await post("text/plain")).toMatchObject({ body: "héllo", isBase64Encoded: false });
    expect(await post("image/png; q=1")).toMatchObject({
      body: Buffer.from("héllo").toString("base64"),
      isBase64Encoded: true,
    });
  });

  test("an answer's headers, repeated ones and base64 reach the client", {
    tags: ["apigateway.binary"],
  }, async () => {
    const answer = `{ statusCode: 201, headers: { "Content-Type": "image/png", "set-cookie": "dropped" },
      multiValueHeaders: { "Set-Cookie": ["a=1", "b=2"] }, body: "aGk=", isBase64Encoded: true }`;
    const cloud = await startFixture({
      functions: { Fn: say(answer) },
      paths: { "/": { ANY: proxyTo("Fn") } },
    });
    const res = await fetch(cloud.apiUrl, { headers: { accept: "image/png" } });
    expect([res.status, res.headers.getSetCookie(), await res.text()]).toEqual([201, ["a=1", "b=2"], "hi"]);
    const text = await fetch(cloud.apiUrl, { headers: { accept: "text/html" } });
    expect(await text.text()).toBe("aGk=");
    const head = await fetch(cloud.apiUrl, { method: "HEAD", headers: { accept: "image/png" } });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([201, "2", ""]);
  });

  test("answers are compressed from the API's minimum size, for who names a coding", async () => {
    const answer = `{ statusCode: 200, headers: { "Content-Type": "text/plain",
      ...(event.queryStringParameters?.own ? { "Content-Encoding": "br" } : {}) },
      body: "x".repeat(Number(event.queryStringParameters?.size ?? 100)) }`;
    const paths = { "/": { ANY: proxyTo("Fn") } };
    const coding = async (cloud: Cloud, query: string, acceptEncoding: string) => {
      const head = `GET /${query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${acceptEncoding && `Accept-Encoding: ${acceptEncoding}\r\n`}\r\n`;
      return /content-encoding: (\w+)/i.exec(await raw(cloud, head, /\r\n\r\n/))?.[1];
    };
    const cloud = await startFixture({
      functions: { Fn: say(answer) },
      paths,
      api: { MinimumCompressionSize: 100 },
    });
    expect(await coding(cloud, "", "gzip, deflate, br")).toBe("gzip");
    expect(await coding(cloud, "", "br, deflate")).toBe("deflate");
    expect(await coding(cloud, "", "gzip;q=0, deflate;q=0.5")).toBe("deflate");
    for (const none of ["", "*", "br", "identity", "gzip;q=0"])
      expect([none, await coding(cloud, "", none)]).toEqual([none, undefined]);
    expect(await coding(cloud, "?size=99", "gzip")).toBeUndefined();
    expect(await coding(cloud, "?own=1", "gzip")).toBe("br");
    expect(await (await fetch(cloud.apiUrl)).text()).toBe("x".repeat(100));
    const never = await startFixture({ functions: { Fn: say(answer) }, paths });
    expect(await coding(never, "", "gzip")).toBeUndefined();
  });

  test("an answer's headers that are the gateway's own come under other names", async () => {
    const answer = `{ statusCode: 401, body: "", headers: { "WWW-Authenticate": "Bearer", date: "then", Server: "me",
      connection: "close", "Content-Length": "9", "User-Agent": "kept", Expect: "kept" } }`;
    const cloud = await startFixture({
      functions: { Fn: say(answer) },
      paths: { "/": { ANY: proxyTo("Fn") } },
    });
    const { headers } = await fetch(cloud.apiUrl);
    expect(remapped(headers)).toEqual({
      "www-authenticate": "Bearer",
      date: "then",
      server: "me",
      connection: "close",
      "content-length": "9",
    });
    expect([headers.get("www-authenticate"), headers.get("content-length")]).toEqual([null, "0"]);
    expect([headers.get("user-agent"), headers.get("expect")]).toEqual(["kept", "kept"]);
  });

  test.each<[string, string]>([
    ["no status", `{ body: "x" }`],
    ["a body that isn't text", `{ statusCode: 200, body: { a: 1 } }`],
    ["a header that can't be sent", `{ statusCode: 200, headers: { "x-a": "b\\r\\nx-c: d" } }`],
    ["an error", `(() => { throw new Error("secret") })()`],
  ])("an answer with %s is a server error that says nothing", async (_, answer) => {
    const cloud = await startFixture({
      functions: { Fn: say(answer) },
      paths: { "/": { ANY: proxyTo("Fn") } },
    });
    const res = await fetch(cloud.apiUrl);
    expect(res.status).toBe(502);
    expect(await res.json()).toEqual({ message: "Internal server error" });
    expect(cloud.logs.lines().some((line) => line.function === "api-gateway")).toBe(true);
  });

  test("a function that API Gateway may not invoke isn't", async () => {
    const cloud = await startFixture({
      ...fixture,
      resources: {
        FnPermission: {
          Type: "AWS::Lambda::Permission",
          Properties: {
            Action: "lambda:InvokeFunction",
            FunctionName: { Ref: "Fn" },
            Principal: "apigateway.amazonaws.com",
            SourceArn: { "Fn::Sub": "arn:aws:execute-api:us-east-1:000000000000:${Api}/*/GET/*" },
          },
        },
      },
    });
    expect((await fetch(`${cloud.apiUrl}/x`)).status).toBe(200);
    expect((await fetch(`${cloud.apiUrl}/x`, { method: "POST" })).status).toBe(500);
  });

  test("a function that takes longer than the integration allows is a 504", {
    tags: ["apigateway.limits"],
  }, async () => {
    const cloud = await startFixture({
      functions: { Fn: { code: "export const handler = () => new Promise((r) => setTimeout(r, 60_000));" } },
      paths: { "/": { ANY: { ...proxyTo("Fn"), TimeoutInMillis: 50 } } },
    });
    const res = await fetch(cloud.apiUrl);
    expect([res.status, await res.json()]).toEqual([504, { message: "Endpoint request timed out" }]);
  });
});

describe("gateway responses", { tags: ["apigateway.gateway-responses"] }, () => {
  test("have AWS's words by default", async () => {
    const cloud = await startFixture({ functions: { Fn: echo }, paths: { "/a": { GET: proxyTo("Fn") } } });
    for (const [method, path] of [
      ["GET", "/b"],
      ["POST", "/a"],
      ["GET", "/"],
    ] as const) {
      const res = await fetch(cloud.apiUrl + path, { method });
      expect([res.status, await res.json()]).toEqual([403, { message: "Missing Authentication Token" }]);
    }
  });

  test("have the template's status, headers and body", async () => {
    const cloud = await startFixture({
      functions: { Fn: echo },
      paths: { "/a": { GET: proxyTo("Fn") } },
      resources: {
        NotFound: gatewayResponse("MISSING_AUTHENTICATION_TOKEN", {
          StatusCode: "404",
          ResponseParameters: {
            "gatewayresponse.header.Content-Type": "'application/problem+json'",
            "gatewayresponse.header.X-Request-ID": "context.requestId",
            "gatewayresponse.header.X-Origin": "method.request.header.Origin",
          },
          ResponseTemplates: {
            "application/json": '{"why":$context.error.messageString,"id":"$context.requestId"}',
          },
        }),
        Others: gatewayResponse("DEFAULT_4XX", {
          ResponseTemplates: { "application/json": '{"type":"$context.error.responseType"}' },
        }),
      },
    });
    const res = await fetch(`${cloud.apiUrl}/b`, { headers: { origin: "https://a.test" } });
    const id = res.headers.get("x-request-id");
    expect(res.status).toBe(404);
    expect(res.headers.get("content-type")).toBe("application/problem+json");
    expect(res.headers.get("x-origin")).toBe("https://a.test");
    expect(await res.json()).toEqual({ why: "Missing Authentication Token", id });
    expect(id).toBe(res.headers.get("x-amzn-requestid"));
    const tooLarge = await fetch(`${cloud.apiUrl}/a`, { headers: { "x-long": "x".repeat(11_000) } });
    expect([tooLarge.status, await tooLarge.json()]).toEqual([431, { type: "DEFAULT_4XX" }]);
    const farTooLarge = await fetch(`${cloud.apiUrl}/a?x=${"x".repeat(100_000)}`);
    expect([farTooLarge.status, await farTooLarge.json()]).toEqual([431, { type: "DEFAULT_4XX" }]);
  });

  test("are no Velocity: variables alone are put in", async () => {
    const text = "#set($context.responseOverride.status = 200)#if(true)$context.error.responseType#end";
    const cloud = await startFixture({
      functions: { Fn: echo },
      paths: { "/a": { GET: proxyTo("Fn") } },
      resources: {
        NotFound: gatewayResponse("MISSING_AUTHENTICATION_TOKEN", {
          ResponseTemplates: { "text/plain": `${text} $stageVariables.color $context.nope $input.body` },
        }),
      },
    });
    const res = await fetch(`${cloud.apiUrl}/b`);
    const said = text.replace("$context.error.responseType", "MISSING_AUTHENTICATION_TOKEN");
    expect([res.status, await res.text()]).toEqual([403, `${said} red $context.nope $input.body`]);
  });

  test.each<[string, number, number]>([
    ["over API Gateway's 10 MB", 10 * 1024 * 1024 + 1, 413],
    ["over Lambda's 6 MB", 6 * 1024 * 1024, 413],
    ["just under both", 5 * 1024 * 1024, 200],
  ])("a body %s is answered", { tags: ["apigateway.limits"] }, async (_, size, status) => {
    const code =
      "export const handler = async (event) => ({ statusCode: 200, body: String(event.body.length) });";
    const cloud = await startFixture({
      functions: { Fn: { code } },
      paths: { "/": { POST: proxyTo("Fn") } },
    });
    const body = new Blob(["x".repeat(size)], { type: "text/plain" });
    expect((await fetch(cloud.apiUrl, { method: "POST", body })).status).toBe(status);
    // Without a declared length it is counted as it comes.
    const stream = body.stream();
    expect((await fetch(cloud.apiUrl, { method: "POST", body: stream, duplex: "half" })).status).toBe(status);
  });
});

describe("mapping templates", { tags: ["apigateway.mapping"] }, () => {
  test("make the event from the request and the response from the answer", async () => {
    const cloud = await startFixture({
      functions: { Fn: say(`{ location: "https://to.test/" + event.id, got: event }`) },
      paths: {
        "/things/{id}": {
          PUT: mapped({
            RequestTemplates: {
              "text/plain": `#set($h = $input.params().header){"id":"$util.escapeJavaScript($input.params("id"))","q":"$input.params("q")","type":"$h.get("content-type")","body":"$util.base64Encode($input.body)","ip":"$context.identity.sourceIp","color":"$stageVariables.color"}`,
            },
            IntegrationResponses: [
              {
                StatusCode: "200",
                ResponseParameters: { "method.response.header.X-Fixed": "'yes'" },
                ResponseTemplates: {
                  "application/json": `#set($context.responseOverride.status = 307)#set($context.responseOverride.header.Location = $input.path("$.location"))$input.json("$.got")`,
                },
              },
            ],
          }),
        },
      },
    });
    const res = await fetch(`${cloud.apiUrl}/things/a%20b?q=1`, {
      method: "PUT",
      body: "hi",
      headers: { "content-type": "text/plain" },
      redirect: "manual",
    });
    expect(res.status).toBe(307);
    expect(res.headers.get("location")).toBe("https://to.test/a b");
    expect(res.headers.get("x-fixed")).toBe("yes");
    expect(await res.json()).toEqual({
      id: "a b",
      q: "1",
      type: "text/plain",
      body: "aGk=",
      ip: expect.stringMatching(/^(127\.0\.0\.1|::1)$/),
      color: "red",
    });
  });

  test("see no length of the body, and can't name the gateway's own headers", async () => {
    const names = ["WWW-Authenticate", "Date", "Server", "Authorization", "Content-MD5", "Expect", "Host"];
    const more = ["Max-Forwards", "Proxy-Authenticate", "Trailer", "Upgrade", "User-Agent"];
    const override = [...names, ...more]
      .map((name) => `#set($context.responseOverride.header.${name} = "${name}")`)
      .join("");
    const cloud = await startFixture({
      functions: { Fn: say(`event`) },
      paths: {
        "/": {
          PUT: mapped({
            RequestTemplates: {
              "application/json": `{"length":"$input.params("Content-Length")","md5":"$input.params("Content-MD5")","range":"$input.params("Content-Range")"}`,
            },
            IntegrationResponses: [
              {
                StatusCode: "200",
                ResponseParameters: { "method.response.header.Connection": "'close'" },
                ResponseTemplates: { "application/json": `${override}$input.json("$")` },
              },
            ],
          }),
        },
      },
    });
    const { headers, ...answer } = await fetch(cloud.apiUrl, {
      method: "PUT",
      body: "hi",
      headers: { "content-type": "application/json", "content-md5": "x", "content-range": "bytes 0-1/2" },
    }).then(async (res) => ({ headers: res.headers, body: await res.json() }));
    expect(answer.body).toEqual({ length: "", md5: "", range: "bytes 0-1/2" });
    expect(remapped(headers)).toEqual({
      connection: "close",
      ...Object.fromEntries([...names, ...more].map((name) => [name.toLowerCase(), name])),
    });
    for (const name of ["www-authenticate", "user-agent"]) expect(headers.get(name)).toBeNull();
  });

  test("errors choose their response by the pattern; a content type without a template is refused", async () => {
    const cloud = await startFixture({
      functions: { Fn: say(`(() => { throw new Error("kind: of bad") })()`) },
      paths: {
        "/": {
          POST: mapped({
            RequestTemplates: { "application/json": "{}" },
            IntegrationResponses: [
              { StatusCode: "200" },
              {
                StatusCode: "409",
                SelectionPattern: "kind: .*",
                ResponseTemplates: { "application/json": `{"said":"$input.path("$.errorMessage")"}` },
              },
            ],
          }),
        },
      },
    });
    const post = (type: string) =>
      fetch(cloud.apiUrl, { method: "POST", body: "{}", headers: { "content-type": type } });
    const known = await post("application/json");
    expect([known.status, await known.json()]).toEqual([409, { said: "kind: of bad" }]);
    expect((await post("text/csv")).status).toBe(415);
  });

  test("a mapping that ignores the body answers before it arrives", async () => {
    const cloud = await startFixture({
      functions: { Fn: say(`"dropped"`) },
      paths: {
        "/": {
          PUT: mapped({
            RequestTemplates: { "application/json": "{}" },
            IntegrationResponses: [{ StatusCode: "200" }],
          }),
        },
      },
    });
    const head = "PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n";
    const asked = await raw(cloud, `${head}Expect: 100-continue\r\n\r\n`, /dropped/);
    expect(asked).toMatch(/^HTTP\/1\.1 200/);
    expect(asked).not.toContain("100 Continue");
    expect(await raw(cloud, `${head}\r\n`, /dropped/)).toMatch(/^HTTP\/1\.1 200/);
    // And a client that sends it all first gets the same answer.
    const res = await fetch(cloud.apiUrl, { method: "PUT", body: new Uint8Array(9_000_000) });
    expect([res.status, await res.text()]).toEqual([200, '"dropped"']);
  });

  test("a body that is asked for is waited for", async () => {
    const cloud = await startFixture({ functions: { Fn: echo }, paths: { "/": { PUT: proxyTo("Fn") } } });
    const head = "PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    expect(await raw(cloud, head, /Continue/)).toMatch(/^HTTP\/1\.1 100 Continue/);
  });

  test("mocks answer by the status that their template names", async () => {
    const cloud = await startFixture({
      paths: {
        "/": {
          GET: {
            Type: "MOCK",
            RequestTemplates: { "application/json": `{"statusCode":$input.params("want")}` },
            IntegrationResponses: [
              { StatusCode: "204", SelectionPattern: "204" },
              { StatusCode: "200", ResponseTemplates: { "application/json": '{"ok":true}' } },
            ],
          },
        },
      },
    });
    expect((await fetch(`${cloud.apiUrl}/?want=204`)).status).toBe(204);
    const res = await fetch(`${cloud.apiUrl}/?want=200`);
    expect([res.status, await res.json()]).toEqual([200, { ok: true }]);
  });
});

describe("compressed requests", () => {
  const fixture: Fixture = { functions: { Fn: echo }, paths: { "/": { ANY: proxyTo("Fn") } } };
  const text = JSON.stringify({ name: "plan ".repeat(100) });
  const codings: [string, Uint8Array][] = [
    ["gzip", gzipSync(text)],
    ["GZIP", gzipSync(text)],
    ["deflate", deflateSync(text)],
    ["identity", Buffer.from(text)],
  ];
  const send = async (cloud: Cloud, coding: string, body: Uint8Array) =>
    fetch(cloud.apiUrl, { method: "POST", headers: { "content-encoding": coding }, body: Buffer.from(body) });

  test("reach a function as they were before", async () => {
    const cloud = await startFixture(fixture);
    for (const [coding, body] of codings) {
      const answer = await send(cloud, coding, body);
      expect([coding, JSON.parse(await answer.text()).body]).toEqual([coding, text]);
    }
  });

  test("are 415 in another coding, or where they aren't in theirs, and 413 where they grow too large", async () => {
    const cloud = await startFixture(fixture);
    const whole = gzipSync(text);
    expect((await send(cloud, "br", brotliCompressSync(text))).status).toBe(415);
    expect((await send(cloud, "gzip, gzip", gzipSync(whole))).status).toBe(415);
    expect((await send(cloud, "gzip", Buffer.from(text))).status).toBe(415);
    expect((await send(cloud, "gzip", Buffer.concat([whole, Buffer.from("x")]))).status).toBe(415);
    expect((await send(cloud, "deflate", Buffer.concat([deflateSync(text), Buffer.from("x")]))).status).toBe(
      415,
    );
    const lines = ["POST / HTTP/1.1", "Host: localhost", "Content-Encoding: br", "Content-Encoding: gzip"];
    const twice = [...lines, "Content-Length: 0", "Connection: close"].join("\r\n");
    expect(await raw(cloud, `${twice}\r\n\r\n`, /$^/)).toMatch(/^HTTP\/1\.1 415 /);
    expect((await send(cloud, "gzip", whole.subarray(0, 20))).status).toBe(415);
    expect((await send(cloud, "gzip", gzipSync(Buffer.alloc(11 * 1024 * 1024)))).status).toBe(413);
  });

  test("two Hosts are 400, whichever is this machine's", async () => {
    const cloud = await startFixture(fixture);
    for (const [first, second] of [
      ["localhost", "evil.example"],
      ["evil.example", "localhost"],
    ]) {
      const lines = ["GET / HTTP/1.1", `Host: ${first}`, `hOST: ${second}`, "Connection: close"];
      expect(await raw(cloud, `${lines.join("\r\n")}\r\n\r\n`, /$^/)).toMatch(/^HTTP\/1\.1 400 /);
    }
  });
});
