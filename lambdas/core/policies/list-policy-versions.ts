import { keys } from "#aws/keys.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { TableDeps } from "#core/kernel/deps.ts";
import { type PageQuery, pageOf } from "#core/kernel/page.ts";
import { policyVersionRecord } from "./records.ts";

const isVersion = (text: string) => /^[1-9]\d{0,8}$/.test(text);

/** Policies of an organization or a workspace as they were set, the newest first. @throws WharfError invalid_cursor */
export async function listPolicyVersions(
  { table }: Pick<TableDeps, "table">,
  of: string,
  { limit, cursor }: PageQuery,
) {
  const list = `policies ${of}`;
  const after = readCursor(list, cursor, isVersion);
  const { items, next } = await table.query({
    where: "#pk = :pk",
    values: { pk: keys.policyVersion(of, 0).pk },
    limit: limit + 1,
    descending: true,
    after: after === undefined ? undefined : keys.policyVersion(of, Number(after)),
  });
  return pageOf(
    { rows: items.map((item) => policyVersionRecord.parse(item)), next },
    limit,
    (last) => cursorAfter(list, String(last.version)),
    ({ version, changed_at, changed_by, rules, changes }) => ({
      version,
      changed_at,
      changed_by,
      policy: rules,
      changes,
    }),
  );
}
