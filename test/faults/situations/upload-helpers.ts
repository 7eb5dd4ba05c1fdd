/** What situations of uploads share. */
import * as z from "zod";
import { disagreements } from "../agree.ts";
import type { Actor, Stage } from "../stage.ts";
import { MINUTE } from "../time.ts";

export const PDF = { filename: "a.pdf", content: "#!/bin/sh\necho hi\n" };

export async function deleteAll(me: Actor): Promise<void> {
  const listed = z.object({ items: z.array(z.object({ kind: z.string(), file_id: z.string().optional() })) });
  const { items } = listed.parse(await me.json(`/v1/workspaces/${me.client.workspace_id}/files`));
  for (const { file_id, kind } of items)
    if (kind === "file") await me.request(`/v1/files/${file_id}`, { method: "DELETE" });
}

/** Who may act beside a finalize of `a.txt`. */
export function besides(stage: Stage, me: Actor, id: string): Record<string, () => Promise<unknown>> {
  return {
    "the client asks again": () => me.by.finalize(id),
    "the client aborts": () => me.by.drop(id),
    "S3's event is worked off": () => me.ingest(),
    "six minutes pass": () => stage.pass(6 * MINUTE),
  };
}

/** What finalize said is what a read says. */
export async function finalizedTruly(
  me: Actor,
  outcome: { status?: number; body?: unknown },
): Promise<string[]> {
  if (outcome.status !== 200) return [];
  const { file_id, name, folder_id, version_id, size } = outcome.body as Record<string, unknown>;
  const now = await me.json(`/v1/files/${file_id}`);
  return disagreements(now, { file_id, name, folder_id, version_id, size });
}

/** Ends the environment of a finalize before a call that its label begins with. */
export async function dieAt(
  stage: Stage,
  label: string,
  uploadId: string,
  headers: Record<string, string> = {},
): Promise<void> {
  const dying = await stage.actor({
    between: (made, send) => (made.label.startsWith(label) ? Promise.reject(new Error("died")) : send()),
  });
  await dying.by.finalize(uploadId, { share: false }, headers).catch(() => {});
}

/** Somebody who stands still before the first call that a label begins with, until told to go on. */
export async function stopBefore(stage: Stage, label: string) {
  const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const actor = await stage.actor({
    between: async (made, send) => {
      if (!made.label.startsWith(label)) return send();
      reached.resolve();
      await gate.promise;
      return send();
    },
  });
  return { actor, reached: reached.promise, goOn: () => gate.resolve() };
}

/** Has a finalize meet a lock at its commit, that another takes just then; what releases it. */
export async function overtakenByLock(
  stage: Stage,
  rival: Actor,
  { fileId, uploadId }: { fileId: string; uploadId: string },
) {
  const lock = `/v1/files/${fileId}/lock`;
  let unlock = async (): Promise<unknown> => undefined;
  const overtaken = await stage.actor({
    between: async (made, send) => {
      if (!made.label.startsWith("commit-upload")) return send();
      const { lock_token } = await rival.json(lock, { json: { ttl_seconds: 60 } });
      unlock = () => rival.request(lock, { method: "DELETE", headers: { "Lock-Token": String(lock_token) } });
      return send();
    },
  });
  await overtaken.by.finalize(uploadId, { share: false });
  return unlock;
}
