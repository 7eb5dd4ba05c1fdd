import { createServer } from "node:net";
import ipaddr from "ipaddr.js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { checkDestination } from "#core/endpoints/check-destination.ts";
import { guardedConnect } from "#core/outbound/guarded-connect.ts";
import { createOutbound, type Outbound } from "#core/outbound/outbound.ts";
import { type Address, createGuard, isPublic } from "#core/outbound/outbound-guard.ts";
import { NOT_PUBLIC, SPECIAL_IPV4, SPECIAL_IPV6 } from "#core/outbound/special-addresses.ts";
import { startRawServer } from "#test/support/raw-server.ts";

const PUBLIC: Address = { address: "93.184.216.34", family: 4 };
const names = new Map<string, Address[]>();
const resolve = async (hostname: string) => {
  const found = names.get(hostname);
  if (found === undefined) throw Object.assign(new Error(`no ${hostname}`), { code: "ENOTFOUND" });
  return found;
};
const to = (address: string): Address[] => [{ address, family: address.includes(":") ? 6 : 4 }];

/** Hears every connection to loopback; whatever gets through the guard would be seen here. */
let connections = 0;
const listener = createServer((socket) => {
  connections += 1;
  socket.destroy();
});
let port = 0;
let outbound: Outbound;

beforeAll(async () => {
  await new Promise<void>((done) => listener.listen(0, "::", done));
  const address = listener.address();
  port = typeof address === "object" ? (address?.port ?? 0) : 0;
  outbound = createOutbound({ ownHosts: ["Files.Example.com"], allowLoopback: false, resolve });
});
afterAll(() => new Promise((done) => listener.close(done)));
beforeEach(() => {
  connections = 0;
  names.clear();
});

describe("blocks that lead to nobody's host", () => {
  test.for([...SPECIAL_IPV4, ...SPECIAL_IPV6, ...NOT_PUBLIC])("%s, %s", ([block]) => {
    const [network, bits] = ipaddr.parseCIDR(block);
    const bytes = network.toByteArray();
    const last = bytes.map((byte, index) => byte | (0xff >> Math.min(8, Math.max(0, bits - 8 * index))));
    for (const each of [bytes, last]) expect(isPublic(ipaddr.fromByteArray(each).toString())).toBe(false);
  });

  test("what lies beside them is public", () => {
    const beside = ["9.255.255.255", "11.0.0.0", "192.88.100.1", "223.255.255.255", "2001:200::1", "2003::1"];
    for (const address of [...beside, "3ffd::1", "2620:4f:8001::1"]) expect(isPublic(address)).toBe(true);
  });
});

const send = (url: string) => outbound.post({ url, headers: {}, body: "{}", endpoint: "hook_1" });

describe("URLs that are refused as they stand", () => {
  const refused = [
    "http://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "data:text/plain,x",
    "ws://example.com/",
    "//example.com/",
    "example.com/hook",
    "",
    "https://",
    "https://user@example.com/",
    "https://user:pass@example.com/",
    "https://:pass@example.com/",
    "https://example.com/#fragment",
    "https://example.com/#",
    "https://example.com:8443/",
    "https://example.com:80/",
    "https://example.com:22/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.0.0.1./",
    "https://%31%32%37.0.0.1/",
    "https://①②⑦.0.0.1/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://169.254.170.2/v2/credentials",
    "https://100.64.0.1/",
    "https://0.0.0.0/",
    "https://0/",
    "https://255.255.255.255/",
    "https://224.0.0.1/",
    "https://93.184.216.34/",
    "https://168.63.129.16/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2606:4700:4700::1111]/",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://sub.localhost/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://ip-10-0-0-1.ec2.internal/",
    "https://metadata.google.internal./",
    "https://router.home.arpa/",
    "https://box.localdomain/",
    "https://hidden.onion/",
    "https://intranet/",
    "https:\\\\127.0.0.1\\",
    "ht\ntps://127.0.0.1/",
    "https://127。0。0。1/",
    "https://1.1.1.1。/",
    "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "https://localhost../",
    "https://foo.internal。/",
    "https://[fe80::1%25eth0]/",
    "https://[::ffff:0:127.0.0.1]/",
    "https://0xffffffff1/",
    "https://08.1.1.1/",
    "https://files.example.com/",
    "https://FILES.example.com./",
  ];
  test(`there are ${refused.length}`, () => expect(refused.length).toBeGreaterThanOrEqual(60));
  test.each(refused)("%s", async (url) => {
    expect(() => outbound.guard.checkUrl(url)).toThrow(
      expect.objectContaining({ name: "EgressBlocked", where: "url" }),
    );
    expect(await send(url)).toMatchObject({ error_class: "egress_blocked" });
    expect(connections).toBe(0);
  });
});

describe("names that lead to addresses that are not public", () => {
  const addresses = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.1.2.3",
    "172.31.255.255",
    "192.168.0.10",
    "169.254.169.254",
    "100.127.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.251",
    "240.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:168.63.129.16",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "64:ff9b::a00:1",
    "2001:db8::1",
    "2001::1",
    "2002:7f00:1::",
    "100::1",
    "4000::1",
    "3fff::1",
    "5f00::1",
    "64:ff9b:1::1",
    "::ffff:0:7f00:1",
    "::7f00:1",
    "fec0::1",
    "192.88.99.1",
    // Not what a resolver answers, and read differently by different parsers.
    "010.1.1.1",
    "0x7f.1",
    "127.1",
    "1",
  ];
  test.each(addresses)("%s", async (address) => {
    names.set("hooks.example.org", to(address));
    expect(isPublic(address)).toBe(false);
    expect(await send("https://hooks.example.org/")).toMatchObject({ error_class: "egress_blocked" });
    expect(connections).toBe(0);
  });

  test("one such address among public ones is enough", async () => {
    names.set("hooks.example.org", [PUBLIC, ...to("10.0.0.1")]);
    expect(await send("https://hooks.example.org/")).toMatchObject({ error_class: "egress_blocked" });
  });

  test("a resolver that answers public first and loopback next gets no connection", async () => {
    const answers = [[PUBLIC], to("127.0.0.1"), to("::1")];
    const turning = createOutbound({
      ownHosts: [],
      allowLoopback: false,
      resolve: async () => answers.shift() ?? to("127.0.0.1"),
    });
    const url = "https://rebind.example.org/";
    const { guard } = turning;
    expect(await guard.addressesOf(guard.checkUrl(url))).toEqual([PUBLIC]);
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(await turning.post({ url, headers: {}, body: "", endpoint: "hook_1" })).toMatchObject({
        error_class: "egress_blocked",
      });
    }
    expect(connections).toBe(0);
  });

  test.each(["http:", "https:"])(
    "an address that slips through is found out once connected: %s",
    async (scheme) => {
      let sent = 0;
      const listening = await startRawServer((socket) => socket.on("data", ({ length }) => (sent += length)));
      // As though the check and the connection had seen different addresses.
      const guard = { ...outbound.guard, addressesOf: async () => to("127.0.0.1") };
      const url = new URL(`${scheme}//hooks.example.org:${new URL(listening.url).port}/`);
      await expect(guardedConnect({ guard, url, timeoutMs: 5_000 })).rejects.toMatchObject({
        error_class: "egress_blocked",
        message: "hooks.example.org leads to 127.0.0.1, which is not a public address",
      });
      await listening.close();
      expect(sent).toBe(0);
    },
  );

  test("a name that nobody knows is a DNS failure, which is tried again", async () => {
    expect(await send("https://nowhere.example.org/")).toMatchObject({ error_class: "dns" });
  });
});

test("a name whose server never answers keeps nobody waiting", async () => {
  const silent = createGuard({
    ...{ ownHosts: [], allowLoopback: false, resolveMs: 10 },
    resolve: () => new Promise<never>(() => {}),
  });
  await expect(checkDestination(silent, "https://silent.example.org/")).rejects.toMatchObject({
    code: "invalid_url",
    message:
      "Its name does not resolve: it took longer than 10 ms. Give an https URL on port 443 whose host is a public name.",
  });
});

test.each(["1.1.1.1", "93.184.216.34", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])(
  "%s is public",
  (address) => expect(isPublic(address)).toBe(true),
);

describe("the local cloud's setting", () => {
  const local = createGuard({ ownHosts: [], allowLoopback: true, resolve });
  test.each([
    "http://127.0.0.1:4000/x",
    "http://localhost:4000/",
    "http://[::1]:4000/",
    "https://127.0.0.1:4000/",
  ])("allows %s", (url) => expect(local.checkUrl(url).href).toContain("/"));
  test.each(["http://example.com/", "http://10.0.0.1/", "https://10.0.0.1/", "http://169.254.169.254/"])(
    "still refuses %s",
    (url) => expect(() => local.checkUrl(url)).toThrow(/must/),
  );
  test("keeps names elsewhere from loopback", async () => {
    names.set("hooks.example.org", to("127.0.0.1"));
    await expect(local.addressesOf(new URL("https://hooks.example.org/"))).rejects.toThrow(/not a public/);
  });
  test("keeps localhost from elsewhere", async () => {
    names.set("localhost", to("10.0.0.1"));
    await expect(local.addressesOf(new URL("http://localhost/"))).rejects.toThrow(/not a public/);
  });
  test("is what lets a request reach the listener at all", async () => {
    const allowed = createOutbound({ ownHosts: [], allowLoopback: true });
    await allowed.post({ url: `http://127.0.0.1:${port}/`, headers: {}, body: "", endpoint: "hook_1" });
    expect(connections).toBe(1);
  });
});
