import { authorizeOn, ofFile } from "#core/access/resource.ts";
import { changeFile } from "#core/files/change-file.ts";
import { type ChangedFile, changedFile } from "#core/files/contract.ts";
import { deleteFile } from "#core/files/delete-file.ts";
import { type Call, requireSameScopes } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import type { ChangesRequest } from "./contract.ts";
import type { BatchItem } from "./run-batch.ts";

/** Of one that was deleted nothing is told. */
type Gone = Record<string, never>;

/**
 * Changes of files, each as `PATCH` or `DELETE /v1/files/{id}` makes it. Moves come after one another, since one may
 * take a name that another has left.
 */
export function changeBatch(deps: Deps, request: ChangesRequest): BatchItem<ChangedFile | Gone>[] {
  const { delete: deleted = [], move = [], tag = [] } = request;
  return [
    ...deleted.map((item) => deletion(deps, item)),
    ...move.map((item) => ({ ...change(deps, item), about: "move" })),
    ...tag.map((item) => change(deps, item)),
  ];
}

type Fenced = { file_id: string; if_match?: string | undefined; lock_token?: string | undefined };

const preconditions = ({ if_match, lock_token }: Fenced) => ({ ifMatch: if_match, lockToken: lock_token });

/** Decided by where the file is just now: another item may have moved it. */
async function authorized(deps: Deps, call: Call, id: string, action: "write" | "delete"): Promise<Call> {
  const ahead = await deps.table.batchGet(ofFile.reads({ id }));
  const access = await authorizeOn(ofFile, { id }, { ...call, ahead, deps }, { action });
  return { ...call, ahead, access };
}

function deletion(deps: Deps, item: Fenced): BatchItem<Gone> {
  const { file_id } = item;
  return {
    about: file_id,
    alone: { route: "deleteFile", status: 204, request: item },
    async act(call) {
      await deleteFile(deps, await authorized(deps, call, file_id, "delete"), file_id, preconditions(item));
      return {};
    },
    async again(_, call, lacking) {
      // It is gone, so that there is nothing to decide on but whether this token did it.
      requireSameScopes(lacking);
      call.decided?.();
      return {};
    },
  };
}

type Move = NonNullable<ChangesRequest["move"]>[number];
type Tag = NonNullable<ChangesRequest["tag"]>[number];

function change(deps: Deps, item: Move | Tag): BatchItem<ChangedFile> {
  const { file_id, if_match: _, lock_token: __, ...wanted } = item;
  return {
    about: file_id,
    alone: { route: "changeFile", status: 200, request: item },
    async act(call) {
      const allowed = await authorized(deps, call, file_id, "write");
      return changeFile(deps, allowed, file_id, wanted, preconditions(item));
    },
    async again(recorded, call, lacking) {
      requireSameScopes(lacking);
      await authorized(deps, call, file_id, "write");
      return changedFile.parse(recorded);
    },
  };
}
