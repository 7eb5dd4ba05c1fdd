import { type Caller, hasScope } from "#core/kernel/call.ts";
import { WharfError } from "#core/kernel/error.ts";

/** Names that a refusal lists at most. */
const MAX_LISTED = 20;

/**
 * The id of the workspace that the caller names, where it is one of its own: by id, or by a name, which is unique among
 * those that a client made, but not among those that others share with it.
 *
 * @throws WharfError invalid_request where several have the name.
 */
export function knownWorkspace({ workspaces }: Caller, ref: string): string | undefined {
  if (Object.hasOwn(workspaces, ref)) return ref;
  const named = Object.entries(workspaces).flatMap(([id, name]) => (name === ref ? [id] : []));
  if (named.length > 1) {
    throw new WharfError(
      "invalid_request",
      `${named.length} workspaces that this token can use are named ${JSON.stringify(ref)}: ${named.join(", ")}. Name the one you mean by its id.`,
      { workspace_ids: named },
    );
  }
  return named[0];
}

/**
 * 404 for a workspace, with the names that the caller might have meant. Of others' workspaces it learns nothing; an
 * admin, who names those by their ids, learns where they are listed.
 */
export function noWorkspace(caller: Caller, ref: string): WharfError {
  const names = Object.values(caller.workspaces).sort();
  const more = names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : "";
  const listed = names.slice(0, MAX_LISTED).join(", ") || "none";
  const seen = hasScope(caller, "admin")
    ? `By name it finds its client's own, ${listed}${more}, and by id everybody's; GET /v1/workspaces lists all with their ids.`
    : `It sees ${listed}${more}; GET /v1/workspaces lists them with their ids.`;
  return new WharfError("not_found", `No workspace ${JSON.stringify(ref)} that this token can see. ${seen}`);
}
