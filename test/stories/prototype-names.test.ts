/** Names that every object has by birth, wherever a name comes from outside: none is found, lost or an error of ours. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { runAdmin } from "#admin/run.ts";
import { fileDetail } from "#core/files/contract.ts";
import { type Story, startStory } from "#test/support/story.ts";

let story: Story;
beforeAll(async () => {
  story = await startStory();
});
afterAll(() => story?.stop());

const NAMES = ["__proto__", "constructor", "toString", "hasOwnProperty"] as const;
/** JSON text, since an object literal takes `__proto__` for something else. */
const post = (path: string, body: string, method = "POST") =>
  story.api(path, { method, body, headers: { "Content-Type": "application/json" } });

describe.for(NAMES)("%s", (name) => {
  test("is no workspace", async () => {
    for (const path of [`/v1/workspaces/${name}/files`, `/v1/events?workspace=${name}`])
      expect([path, [400, 404].includes((await story.api(path)).status)]).toEqual([path, true]);
  });

  test("is metadata like any other, or refused by name", async () => {
    const started = await post(
      "/v1/uploads",
      `{"filename":"${name}.txt","size":1,"metadata":{"${name}":"y","a":"b"}}`,
    );
    if (name === "__proto__") {
      expect(started.status).toBe(400);
      expect(await started.json()).toMatchObject({ errors: [{ pointer: "/metadata/__proto__" }] });
      return;
    }
    expect(started.status).toBe(201);
    const { upload_id, file_id, parts } = z
      .object({ upload_id: z.string(), file_id: z.string(), parts: z.array(z.object({ url: z.string() })) })
      .parse(await started.json());
    await fetch(parts[0]?.url ?? "", { method: "PUT", body: "x" });
    expect((await story.api(`/v1/uploads/${upload_id}/finalize`, { json: {} })).status).toBe(200);
    const { metadata } = await story.json(fileDetail, `/v1/files/${file_id}`);
    expect(Object.entries(metadata ?? {})).toEqual(expect.arrayContaining([[name, "y"]]));
  });

  test("is an unknown field of every body, query and form, and no id", async () => {
    const openapi = z.object({
      paths: z.record(z.string(), z.record(z.string(), z.unknown())),
    });
    const { paths } = openapi.parse(await (await story.api("/openapi.json")).json());
    for (const [path, methods] of Object.entries(paths)) {
      const real = path.replaceAll(/\{\w+\}/g, name);
      for (const method of Object.keys(methods).map((one) => one.toUpperCase())) {
        const told = `${method} ${real}`;
        if (path.includes("{")) {
          const body = method === "GET" || method === "DELETE" ? {} : { json: {} };
          const { status } = await story.api(real, { method, ...body });
          expect([told, status >= 400 && status < 500]).toEqual([told, true]);
        }
        if (method === "GET" || method === "DELETE") continue;
        const { status } = await post(real, `{"${name}":{"${name}":1}}`, method);
        expect([told, status >= 400 && status < 500]).toEqual([told, true]);
      }
    }
    for (const path of ["/v1/workspaces", "/v1/webhooks", "/v1/events"])
      expect([path, (await story.api(`${path}?${name}=1`)).status]).toEqual([path, 400]);
    const started = await story.start(`chunk-${name}.bin`, 1);
    const chunk = `/v1/uploads/${started.upload_id}/chunks?${name}=1`;
    expect((await story.api(chunk, { method: "PUT", body: "x" })).status).toBe(400);
    const form = new FormData();
    form.set("file", new Blob(["x"]), "x.txt");
    form.set(name, "y");
    const sent = await story.api("/v1/files/upload", { method: "POST", body: form });
    expect([sent.status, await sent.json()]).toMatchObject([400, { code: "unknown_field" }]);
  });

  test("is no command", async () => {
    const err: string[] = [];
    expect(await runAdmin([name], {}, { err: (line) => void err.push(line) })).toBe(2);
    expect(err.join("\n")).toContain("No command");
  });
});

test("nothing of all this was an error of ours", () => {
  const errors = story.cloud.logs.lines().filter(({ text }) => text.includes('"level":"error"'));
  expect(errors.map(({ text }) => text.slice(0, 300))).toEqual([]);
});
