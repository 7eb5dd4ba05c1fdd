import { findFile } from "#core/files/find-file.ts";
import { actorOf, type Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound } from "#core/kernel/error.ts";
import { inHashPlace } from "#core/kernel/in-hash-place.ts";
import { idsOf } from "#core/tree/way.ts";
import type { Share } from "./contract.ts";
import { type AskedTerms, linkLife, saidClamp } from "./link-terms.ts";
import { linkedFileChecks } from "./linked-file.ts";
import { hashPassword } from "./password.ts";
import { newShare } from "./share.ts";
import { shareView } from "./share-view.ts";
import { shareableVersion } from "./shareable-version.ts";

/**
 * Makes a link to a file that stands, in one transaction with `link_created`.
 *
 * @throws WharfError not_found, not_a_file; policy_denied; as `inHashPlace`.
 */
export async function createShare(
  deps: Pick<Deps, "table" | "config" | "now">,
  call: Call,
  fileId: string,
  terms: AskedTerms,
): Promise<Share> {
  const file = await findFile(deps, fileId, call.ahead);
  const bound = await shareableVersion(deps, call, file);
  const life = linkLife(call.access?.workspace.policy, terms);
  const hash = (password: string) =>
    inHashPlace(deps, { client: call.caller.id }, () => hashPassword(password));
  const { writes, link } = await newShare(deps, {
    file: {
      ...{ file_id: fileId, workspace_id: file.workspace_id },
      organization_id: call.access?.workspace.organization_id,
      epoch: call.access?.workspace.epoch,
      above: idsOf(call.access?.trail ?? []),
    },
    bound,
    createdBy: call.caller.id,
    requestId: call.requestId,
    actor: actorOf(call.caller),
    life,
    maxDownloads: terms.max_downloads,
    passwordHash: terms.password === undefined ? undefined : await hash(terms.password),
  });
  const shown = await shareView(deps, link);
  const share = { ...shown, ...saidClamp(shown.expires_at, life.clamped_by) };
  await deps.table.transact([
    // Where it has gone to another workspace since, it was decided about another's file.
    ...linkedFileChecks(link, () => notFound("file", fileId), {
      in: file.workspace_id,
      else: () => notFound("file", fileId),
    }),
    ...writes,
    ...call.record(share),
  ]);
  return share;
}
