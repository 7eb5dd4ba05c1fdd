/** Other people of this machine, and pages of other origins: neither gets at the cloud. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ownFolder } from "../data/own-folder.ts";
import { replaceFile } from "../replace-file.ts";
import { startFixture } from "./fixture.ts";

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe("the data folder", () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "local-cloud-own-"));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test("is made for its owner alone, whatever the umask", () => {
    for (const mask of [0, 0o022, 0o077]) {
      const before = process.umask(mask);
      try {
        const made = join(dir, `new-${mask}`);
        expect(ownFolder(made)).toEqual([]);
        expect(modeOf(made)).toBe(0o700);
        replaceFile(join(made, "credentials.json"), "{}");
        expect(modeOf(join(made, "credentials.json"))).toBe(0o600);
      } finally {
        process.umask(before);
      }
    }
  });

  test("is closed to others where an earlier start left it open, and says so once", () => {
    const wide = join(dir, "wide");
    mkdirSync(join(wide, "blobs"), { recursive: true });
    for (const name of ["credentials.json", "blobs/one"]) writeFileSync(join(wide, name), "x");
    for (const name of ["", "blobs"]) chmodSync(join(wide, name), 0o775);
    for (const name of ["credentials.json", "blobs/one"]) chmodSync(join(wide, name), 0o644);
    expect(ownFolder(wide)).toEqual([
      `${wide} had mode 0775: it and what is in it are closed to other users now`,
    ]);
    expect(["", "blobs", "credentials.json", "blobs/one"].map((name) => modeOf(join(wide, name)))).toEqual([
      0o700, 0o700, 0o600, 0o600,
    ]);
    expect(ownFolder(wide)).toEqual([]);
  });

  test("is refused where everybody could have written to it, or a link leads out of it", () => {
    const open = join(dir, "open");
    mkdirSync(open);
    chmodSync(open, 0o777);
    writeFileSync(join(open, "credentials.json"), "{}");
    expect(() => ownFolder(open)).toThrow(
      /can be written to by everybody: it belongs to the user \d+ with mode 0777/,
    );
    const linked = join(dir, "linked");
    mkdirSync(linked, { mode: 0o700 });
    symlinkSync("/etc/passwd", join(linked, "credentials.json"));
    expect(() => ownFolder(linked)).toThrow(/credentials.json is a symbolic link/);
  });

  test.skipIf(process.getuid?.() === 0)("is refused where it is another user's", () => {
    expect(() => ownFolder("/")).toThrow("is somebody else's: it belongs to the user 0 with mode");
  });

  test("has no file written through a link that somebody has laid", () => {
    const target = join(dir, "target");
    writeFileSync(target, "mine");
    symlinkSync(target, join(dir, "planted.json.new"));
    replaceFile(join(dir, "planted.json"), "{}");
    expect(statSync(target).size).toBe(4);
  });
});

describe("the two ports", () => {
  const fixture = { paths: { "/a": { GET: { Type: "MOCK" } } } };

  /** The status of a call to `origin` by another name. */
  const statusAs = (origin: string, host: string, path = "/a") =>
    new Promise<number>((resolve, reject) => {
      const { hostname, port } = new URL(origin);
      const headers = { host: host.replace("PORT", port) };
      request({ hostname, port, path, headers }, (res) => {
        res.resume().on("end", () => resolve(res.statusCode ?? 0));
      })
        .on("error", reject)
        .end();
    });

  test("answer to the machine's own names alone", async () => {
    const cloud = await startFixture(fixture);
    const own = ["localhost:PORT", "127.0.0.1:PORT", "[::1]:PORT", "LocalHost:PORT"];
    // Without its port, or by a forwarded one.
    const portless = ["localhost", "localhost:1"];
    const foreign = [
      ...[
        "rebound.example:PORT",
        "localhost.example:PORT",
        "localhost:PORT.example",
        "localhost@rebound.example",
      ],
      ...["127.0.0.2:PORT", "0.0.0.0:PORT"],
    ];
    for (const origin of [cloud.apiUrl, cloud.awsUrl]) {
      for (const host of [...own, ...portless]) expect(await statusAs(origin, host), host).not.toBe(421);
      for (const host of foreign) expect(await statusAs(origin, host), host).toBe(421);
    }
  });

  test("take a target in absolute form, whose host counts", async () => {
    const cloud = await startFixture(fixture);
    for (const origin of [cloud.apiUrl, cloud.awsUrl]) {
      const { port } = new URL(origin);
      const plain = await statusAs(origin, "localhost:PORT");
      const own = `http://localhost:${port}/a`;
      expect(await statusAs(origin, "localhost:PORT", own)).toBe(plain);
      expect(await statusAs(origin, "rebound.example", own)).toBe(plain);
      for (const foreign of [
        "http://rebound.example/a",
        "HTTP://rebound.example",
        "http://localhost@rebound.example/a",
      ])
        expect(await statusAs(origin, "localhost:PORT", foreign), foreign).toBe(421);
    }
  });

  test("have names below localhost for buckets, and for the API none", async () => {
    const cloud = await startFixture(fixture);
    expect(await statusAs(cloud.awsUrl, "files.localhost:PORT")).not.toBe(421);
    expect(await statusAs(cloud.apiUrl, "files.localhost:PORT")).toBe(421);
  });
});
