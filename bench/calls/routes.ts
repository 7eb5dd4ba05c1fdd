/** A request of each kind that a client sends often, with what has to be there before it. */
import { page } from "#contract/common.ts";
import { createClient } from "#core/accounts/create-client.ts";
import { share } from "#core/links/contract.ts";
import { lockGrant } from "#core/locks/contract.ts";
import { newTransfer } from "#core/transfers/contract.ts";
import { startAnswer } from "#core/uploads/contract.ts";
import { version } from "#core/versions/contract.ts";
import { workspace } from "#core/workspaces/contract.ts";
import { createApiClient, putPart } from "#test/support/api-client.ts";
import type { Story } from "#test/support/story.ts";
import { type Cost, count } from "./count.ts";

/** Who calls, and where: by default the story's client, in its own workspace. */
interface Where {
  by?: Pick<Story, "api" | "upload" | "start"> & { clientId: string; clientSecret: string };
  /** Folders from the root down, with a slash behind them. @default "reports/2026/" */
  under?: string;
  /** Where that isn't the caller's own. */
  workspaceId?: string;
}

/** Counts every kind of request once, on functions that are warm. Names begin with method and path. */
export async function countRoutes(
  story: Story,
  { by = story, under = "reports/2026/", workspaceId = story.workspaceId }: Where = {},
): Promise<Cost[]> {
  const fields = by === story ? {} : { workspace: workspaceId };
  const top = by === story ? "" : under;
  const costs: Cost[] = [];
  const bytes = new TextEncoder().encode("hello");

  async function measure(
    name: string,
    path: string,
    init: Parameters<Story["api"]>[1] = {},
    { api }: Pick<Story, "api"> = by,
  ) {
    const { cost, answer } = await count(story, name, (headers) =>
      api(path, { ...init, headers: { ...init.headers, ...headers } }),
    );
    if (answer.status >= 400 && !name.includes("(refused)")) {
      throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
    }
    costs.push(cost);
    return answer;
  }
  const json = (value: unknown) => ({ json: value });

  // Folders are there, functions and their caches are warm.
  const file = await by.upload(bytes, { filename: `${under}a.txt`, start: fields });
  const other = await by.upload(bytes, { filename: `${under}b.txt`, start: fields });
  const warm = await by.api(`/v1/files/${other.file_id}/lock`, json({}));
  await by.api(`/v1/files/${other.file_id}/lock`, {
    method: "DELETE",
    headers: { "Lock-Token": lockGrant.parse(await warm.json()).lock_token },
  });

  const credentials = { client_id: by.clientId, client_secret: by.clientSecret };
  await measure("POST /v1/auth/token", "/v1/auth/token", { ...json(credentials), token: null });

  const start = (filename: string) => json({ filename, size: bytes.length, ...fields });
  const started = startAnswer.parse(
    await (await measure("POST /v1/uploads", "/v1/uploads", start(`${under}c.txt`))).json(),
  );
  await measure("POST /v1/uploads (new version)", "/v1/uploads", start(`${under}a.txt`));
  await measure("POST /v1/uploads (new folders)", "/v1/uploads", start(`${under}new/deep/d.txt`));
  await measure("POST /v1/uploads (Idempotency-Key)", "/v1/uploads", {
    ...start(`${under}e.txt`),
    headers: { "Idempotency-Key": "count" },
  });
  await measure(
    "POST /v1/uploads (form)",
    "/v1/uploads",
    json({ filename: `${under}form.txt`, form: true, ...fields }),
  );
  const visit = startAnswer.parse(
    await (
      await measure("POST /v1/uploads (upload token)", "/v1/uploads", {
        json: { filename: `${under}visit.txt`, size: bytes.length, upload_token: true, ...fields },
      })
    ).json(),
  );
  await measure("POST /v1/uploads/{id}/parts (upload token)", `/v1/uploads/${visit.upload_id}/parts`, {
    ...json({ count: 1 }),
    token: visit.upload_token ?? null,
  });
  const upload = `/v1/uploads/${started.upload_id}`;
  await measure("POST /v1/uploads/{id}/parts", `${upload}/parts`, json({ count: 1 }));
  await measure("PUT /v1/uploads/{id}/chunks", `${upload}/chunks?part=1`, { method: "PUT", body: bytes });
  for (const part of started.parts) await putPart(started, part, bytes);
  await measure("GET /v1/uploads/{id}", upload);
  await measure("POST /v1/uploads/{id}/finalize", `${upload}/finalize`, json({}));
  await measure("POST /v1/uploads/{id}/finalize (again)", `${upload}/finalize`, json({}));
  const next = await by.start(`${under}a.txt`, bytes.length, fields);
  for (const part of next.parts) await putPart(next, part, bytes);
  await measure(
    "POST /v1/uploads/{id}/finalize (new version)",
    `/v1/uploads/${next.upload_id}/finalize`,
    json({}),
  );
  const given = await by.start(`${under}f.txt`, bytes.length, fields);
  await measure("DELETE /v1/uploads/{id}", `/v1/uploads/${given.upload_id}`, { method: "DELETE" });
  const form = new FormData();
  form.set("file", new Blob(["hello"]), `${top}direct.txt`);
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  await measure("POST /v1/files/upload", "/v1/files/upload", { method: "POST", body: form });

  const path = `/v1/files/${file.file_id}`;
  await measure(
    "GET /v1/workspaces/{ws}/files",
    `/v1/workspaces/${workspaceId}/files?path=${top.slice(0, -1)}`,
  );
  await measure(
    "GET /v1/workspaces/{ws}/files (recursive)",
    `/v1/workspaces/${workspaceId}/files?path=${top.slice(0, -1)}&recursive=true`,
  );
  await measure("GET /v1/files/{id}", path);
  await measure("GET /v1/files/{id}/content", `${path}/content`);
  await measure("PATCH /v1/files/{id}", path, { method: "PATCH", ...json({ name: "z.txt" }) });
  await measure("PATCH /v1/files/{id} (description)", `/v1/files/${other.file_id}`, {
    method: "PATCH",
    ...json({ description: "for the board" }),
  });

  const link = share.parse(
    await (await measure("POST /v1/files/{id}/shares", `${path}/shares`, json({}))).json(),
  );
  const opening = new URL(link.share_url).pathname;
  await measure("GET /s/{token}", opening, { token: null });
  await measure("GET /s/{token} (page)", opening, { token: null, headers: { Accept: "text/html" } });
  await measure("DELETE /v1/shares/{id}", `/v1/shares/${link.share_id}`, { method: "DELETE" });

  const lock = `${path}/lock`;
  const acquired = await measure("POST /v1/files/{id}/lock", lock, json({ ttl_seconds: 60 }));
  const { lock_token } = lockGrant.parse(await acquired.json());
  await measure("POST /v1/files/{id}/lock (refused)", lock, json({}));
  await measure("GET /v1/files/{id}/lock", lock);
  await measure("POST /v1/files/{id}/lock/renew", `${lock}/renew`, json({ lock_token }));
  await measure("DELETE /v1/files/{id}/lock", lock, {
    method: "DELETE",
    headers: { "Lock-Token": lock_token },
  });
  const two = json({ file_ids: [other.file_id, started.file_id] });
  await measure("POST /v1/locks/batch (2 files)", "/v1/locks/batch", two);

  const versions = page
    .of(version)
    .parse(await (await measure("GET /v1/files/{id}/versions", `${path}/versions`)).json());
  const old = versions.items.find(({ current }) => !current)?.version_id;
  const restore = `${path}/versions/${old}/restore`;
  await measure("POST /v1/files/{id}/versions/{v}/restore", restore, { method: "POST" });
  // The first of a file has its version say that it is shared.
  const copies = { "POST /v1/files/{id}/copy": "c1.txt", "POST /v1/files/{id}/copy (again)": "c2.txt" };
  for (const [call, name] of Object.entries(copies))
    await measure(call, `/v1/files/${other.file_id}/copy`, json({ folder: `/${top.slice(0, -1)}`, name }));
  await measure("DELETE /v1/files/{id}", path, { method: "DELETE" });
  if (by !== story) return costs;
  const leaving = await by.upload(bytes, { filename: `${under}g.txt`, start: fields });
  const { workspace_id } = workspace.parse(
    await (await by.api("/v1/workspaces", json({ name: "other" }))).json(),
  );
  await by.upload(bytes, { filename: `${under}there.txt`, start: { workspace: workspace_id } });
  await measure("PATCH /v1/files/{id} (to another workspace)", `/v1/files/${leaving.file_id}`, {
    method: "PATCH",
    ...json({ workspace: workspace_id, folder: under }),
  });
  const heir = await adminOf(story);
  const claim = async (resource: object) =>
    `/v1/claims/${newTransfer.parse(await (await by.api("/v1/transfers", json({ resource }))).json()).claim_token}`;
  const handed = { type: "file", id: leaving.file_id };
  const back = json({ workspace: workspaceId, folder: under });
  await measure("POST /v1/claims/{token} (file)", await claim(handed), back);
  const resource = { type: "workspace", id: workspace_id };
  await measure("POST /v1/transfers", "/v1/transfers", json({ resource }));
  await measure("GET /v1/claims/{token}", await claim(resource), {}, heir);
  await measure("POST /v1/claims/{token}", await claim(resource), json({}), heir);
  return costs;
}

/** An admin of the story's organization, whose token is there. */
async function adminOf({ table, cloud, origin }: Story) {
  const deps = { table, now: cloud.clock.now };
  const made = await createClient(deps, { name: "heir", scopes: ["workspaces:write"], role: "admin" });
  const { client_id: clientId, client_secret: clientSecret } = made;
  const heir = createApiClient({ origin, now: cloud.clock.now, clientId, clientSecret });
  await heir.token();
  return heir;
}
