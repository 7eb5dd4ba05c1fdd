/** Conditions of writes to events, files, locks, links, clients and what sweeps claim. */
import type { Mutant } from "./mutant.ts";

export const others: readonly Mutant[] = [
  {
    name: "a try after a conflict is the same transaction",
    changes: [
      { file: "lambdas/aws/table.ts", from: "TransactItems, ClientRequestToken }", to: "TransactItems }" },
    ],
    case: "delete: a file | delete-file: transact NODE+DIR+TRASH+EVT (1) | a conflict, and its first copy after that",
  },
  {
    name: "an event has one place in the log",
    changes: [
      {
        file: "lambdas/aws/table.ts",
        from: 'await put({ put: item, condition: "attribute_not_exists(#pk)" });',
        to: 'await put({ put: item, blind: "mutant" });',
      },
    ],
    case: "file: downloaded | download-file: put EVT (1) | a copy late, at: 12 minutes later",
    red: {
      file: "test/kernel/repeated-writes.test.ts",
      titles: ["has one place in the log, whenever its first copy arrives"],
    },
  },
  {
    name: "an added item that stands there already is our own",
    changes: [
      {
        file: "lambdas/aws/table.ts",
        from: '      await put({ put: item, condition: "attribute_not_exists(#pk)" });\n    } catch (error) {\n      if (!(error instanceof ConditionFailed)) throw error;',
        to: '      await put({ put: item, condition: "attribute_not_exists(#pk)" });\n    } catch (error) {\n      throw error;',
      },
    ],
    case: "token: issued | issue-token: put CLIENT.TOKEN (1) | twice",
    red: {
      file: "test/kernel/repeated-writes.test.ts",
      titles: ["is answered where the answer to its write was lost"],
    },
  },
  {
    name: "a change that comes late finds its event",
    changes: [
      {
        file: "lambdas/core/kernel/outbox.ts",
        from: 'condition: "attribute_not_exists(#pk)",',
        to: 'blind: "mutant",',
      },
      { file: "lambdas/core/files/change-writes.ts", from: " AND #updated_at = :read_at", to: "" },
      { file: "lambdas/core/files/change-writes.ts", from: "          read_at: file.updated_at,\n", to: "" },
    ],
    case: "describe: in other words | change-file: transact NODE+EVT (1) | a copy late, at: 12 minutes later",
  },
  {
    name: "a change tells what the description was",
    changes: [
      { file: "lambdas/core/files/change-writes.ts", from: " AND #updated_at = :read_at", to: "" },
      { file: "lambdas/core/files/change-writes.ts", from: "          read_at: file.updated_at,\n", to: "" },
      { file: "lambdas/core/files/change-writes.ts", from: " AND ${stillSaid}", to: "" },
      {
        file: "lambdas/core/files/change-writes.ts",
        from: "        old_description: file.description,\n",
        to: "",
      },
    ],
    case: "describe: in other words | change-file: transact NODE+EVT (1) | frozen before it, meanwhile: others describe it",
    red: {
      file: "test/files/descriptions.test.ts",
      titles: ["that others change meanwhile is told of as what it was"],
    },
  },
  {
    name: "a change tells what the tags were",
    changes: [
      { file: "lambdas/core/files/change-writes.ts", from: " AND #updated_at = :read_at", to: "" },
      { file: "lambdas/core/files/change-writes.ts", from: "          read_at: file.updated_at,\n", to: "" },
      { file: "lambdas/core/files/change-writes.ts", from: " AND ${stillTagged}${", to: "${" },
      {
        file: "lambdas/core/files/change-writes.ts",
        from: "        old_tags: file.tags,\n",
        to: "",
      },
    ],
    case: "tag: otherwise | change-file: transact NODE+EVT (1) | frozen before it, meanwhile: others tag it",
    red: {
      file: "test/files/tags.test.ts",
      titles: ["that others change meanwhile are told of as what they were"],
    },
  },
  {
    name: "a change tells what the metadata was",
    changes: [
      { file: "lambdas/core/files/change-writes.ts", from: " AND #updated_at = :read_at", to: "" },
      { file: "lambdas/core/files/change-writes.ts", from: "          read_at: file.updated_at,\n", to: "" },
      {
        file: "lambdas/core/files/change-file.ts",
        from: " AND (${none}#metadata = :attached)`,\n    values: { attached: from },",
        to: "`,",
      },
    ],
    case: "metadata: otherwise | change-file: transact NODE+EVT+NODE.VER (1) | frozen before it, meanwhile: others change it",
    red: {
      file: "test/files/metadata.test.ts",
      titles: ["that others change meanwhile is merged with theirs, and told of as what it was"],
    },
  },
  {
    name: "a change leaves a file where it is",
    changes: [
      {
        file: "lambdas/core/files/change-writes.ts",
        from: "#name = :old_name AND #folder_id = :old_folder_id AND ",
        to: "",
      },
      { file: "lambdas/core/files/change-writes.ts", from: " AND #updated_at = :read_at", to: "" },
      {
        file: "lambdas/core/files/change-writes.ts",
        from: "          old_name: file.name,\n          old_folder_id: file.folder_id,\n",
        to: "",
      },
      { file: "lambdas/core/files/change-writes.ts", from: "          read_at: file.updated_at,\n", to: "" },
    ],
    case: "describe: in other words | change-file: transact NODE+EVT (1) | frozen before it, meanwhile: it is moved",
    red: {
      file: "test/files/descriptions.test.ts",
      titles: ["of a file that is moved meanwhile leaves it there"],
    },
  },
  {
    name: "a lock is taken in the workspace where it was decided, and told there",
    changes: [
      { file: "lambdas/core/locks/acquire-lock.ts", from: " AND #workspace_id = :told_in", to: "" },
      { file: "lambdas/core/locks/acquire-lock.ts", from: "      told_in: file.workspace_id,\n", to: "" },
    ],
    case: "lock: free | acquire-lock: transact NODE+EVT (1) | frozen before it, meanwhile: the file goes to another workspace",
    red: {
      file: "test/files/to-another-workspace.test.ts",
      titles: ["where the file was, lock isn't done where it is"],
    },
  },
  {
    name: "a lock is broken in the workspace where that was decided, and told there",
    changes: [
      { file: "lambdas/core/locks/break-lock.ts", from: " AND #workspace_id = :told_in", to: "" },
      { file: "lambdas/core/locks/break-lock.ts", from: ", told_in: file.workspace_id", to: "" },
    ],
    case: "lock: broken | break-lock: transact NODE+EVT (1) | frozen before it, meanwhile: the file goes to another workspace",
    red: {
      file: "test/files/to-another-workspace.test.ts",
      titles: ["where the file was, break isn't done where it is"],
    },
  },
  {
    name: "a download by a link is told of where its file is",
    changes: [
      {
        file: "lambdas/core/links/linked-file.ts",
        from: '${toldIn === undefined ? "" : " AND #workspace_id = :told_in"}`,',
        to: "`,",
      },
      {
        file: "lambdas/core/links/linked-file.ts",
        from: ", ...(toldIn !== undefined && { told_in: toldIn })",
        to: "",
      },
    ],
    case: "link: opened, of a file that has gone to another workspace | nothing wrong",
    red: {
      file: "test/files/to-another-workspace.test.ts",
      titles: ["a move between the look and the count is met"],
    },
  },
  {
    name: "what was decided in one workspace isn't done in another, where others were faster",
    changes: [
      {
        file: "lambdas/core/files/find-file.ts",
        from: "  if (decided !== undefined && decided !== workspace_id) throw",
        to: "  if (decided === undefined) throw",
      },
    ],
    why: "whoever decides anew may do it there too, in the harness: one client does all",
    red: {
      file: "test/files/to-another-workspace.test.ts",
      titles: [
        "where the file was, delete isn't done where it is",
        "where the file was, rename isn't done where it is",
        "where the file was, restore isn't done where it is",
      ],
    },
  },
  {
    name: "a change answers with the current version",
    changes: [
      {
        file: "lambdas/core/files/change-writes.ts",
        from: " AND #version_id = :judged AND #updated_at = :read_at",
        to: "",
      },
      {
        file: "lambdas/core/files/change-writes.ts",
        from: "          judged: file.version_id,\n          read_at: file.updated_at,\n",
        to: "",
      },
    ],
    case: "describe: in other words | change-file: transact NODE+EVT (1) | frozen before it, meanwhile: another version comes",
    red: {
      file: "test/files/descriptions.test.ts",
      titles: ["of a file that gets a version meanwhile is answered with that"],
    },
  },
  {
    name: "a fresh gap ends what can be told, unless it has expired",
    changes: [
      {
        file: "lambdas/core/events/read-feed.ts",
        from: " && !(await hasExpired(deps, workspace, entry))",
        to: "",
      },
    ],
    case: "read: the log of events, the first of which have expired | nothing wrong",
    red: {
      file: "test/events/append-to-feed.test.ts",
      titles: ["is read at once past numbers that have expired"],
    },
  },
  {
    name: "a transaction under way is no expired event",
    changes: [
      {
        file: "lambdas/aws/table.ts",
        from: "if (error instanceof TransactionCanceledException) return undefined;",
        to: "if (error instanceof TransactionCanceledException) return false;",
      },
    ],
    case: "read: the log of events, one of which is seen before the one before it | read-feed: get FEED.SEQ (1) | a conflict",
    red: {
      file: "test/events/append-to-feed.test.ts",
      titles: ["is read up to a number that is being written"],
    },
  },
  {
    name: "an event with two places is told at one",
    changes: [{ file: "lambdas/core/events/read-feed.ts", from: " && seq === entry.seq", to: "" }],
    case: "read: the log of events, one of which an earlier version gave two places | nothing wrong",
    red: {
      file: "test/events/append-to-feed.test.ts",
      titles: ["tells an event once that an earlier version gave two places"],
    },
  },
  {
    name: "a rotation knows its own repeat",
    changes: [
      {
        file: "lambdas/core/accounts/client-secrets.ts",
        from: '      if (found?.["secrets_change"] === update.update.set.secrets_change) return;\n',
        to: "",
      },
    ],
    case: "client: its secret is rotated | client-secrets: update CLIENT (1) | twice",
    red: {
      file: "test/kernel/repeated-writes.test.ts",
      titles: ["are rotated once where the write is sent again"],
    },
  },
  {
    name: "an ended secret comes back by no late copy",
    changes: [
      {
        file: "lambdas/core/accounts/client-secrets.ts",
        from: '? "attribute_exists(#pk) AND attribute_not_exists(#secrets_change)"',
        to: '? "attribute_exists(#pk)"',
      },
    ],
    case: "client: its secret is rotated | client-secrets: update CLIENT (1) | a copy late, at: 12 minutes later",
    red: {
      file: "test/kernel/repeated-writes.test.ts",
      titles: ["that have ended come back by no copy that arrives late"],
    },
  },
  {
    name: "few rows are no end of a list",
    changes: [{ file: "lambdas/core/kernel/page.ts", from: " || next !== undefined", to: "" }],
    case: "read: versions of a file, which are more than a query gives at once | nothing wrong",
    red: {
      file: "test/versions/versions.test.ts",
      titles: ["goes on where what a query reads at once ends: at 1 MB"],
    },
  },
  {
    name: "a try counts once (source)",
    changes: [
      {
        file: "lambdas/core/links/count-try.ts",
        from: "    if (found.try_id === try_id) return found;\n",
        to: "",
      },
    ],
    case: "link: opened with a wrong password | count-try: update LINK.TRIES (1) | twice",
    red: {
      file: "test/kernel/repeated-writes.test.ts",
      titles: ["counts once where the answer to its count was lost: for its source"],
    },
  },
  {
    name: "a try counts once (link)",
    changes: [{ file: "lambdas/core/links/take-try.ts", from: " AND ${ANOTHERS}`", to: "`" }],
    case: "link: opened with a wrong password | take-try: update LINK (1) | twice",
    red: {
      file: "test/kernel/repeated-writes.test.ts",
      titles: ["counts once where the answer to its count was lost: for the link"],
    },
  },
  {
    name: "a right try's late copy forgets nothing",
    changes: [
      {
        file: "lambdas/core/links/count-try.ts",
        from: " AND (attribute_not_exists(#right_ms) OR #right_ms < :right_ms)",
        to: "",
      },
    ],
    case: "link: looked at with the right password, after four wrong ones | count-try: update LINK.TRIES (1) | a copy late, at: its source guesses",
    red: {
      file: "test/kernel/repeated-writes.test.ts",
      titles: ["that was right forgets nothing that was tried since, when its first copy arrives"],
    },
  },
  {
    name: "a right try knows its own repeat",
    changes: [
      {
        file: "lambdas/core/links/count-try.ts",
        from: "    if (found.right_ms === now) return true;\n",
        to: "",
      },
    ],
    case: "link: opened with the right password | count-try: update LINK.TRIES (1) | answer lost, meanwhile: its source guesses",
  },
  {
    name: "a right try is admitted as a wrong one would be (source)",
    changes: [
      {
        file: "lambdas/core/links/count-try.ts",
        from: "condition: `(${text}) AND (attribute_not_exists(#right_ms)",
        to: "condition: `((${text}) OR attribute_exists(#pk)) AND (attribute_not_exists(#right_ms)",
      },
    ],
    case: "link: looked at with the right password, after four wrong ones | count-try: update LINK.TRIES (1) | frozen before it, meanwhile: its source guesses once more",
    red: {
      file: "test/links/links.test.ts",
      titles: [
        "a right one is admitted as a wrong one would be: not where its source has used up what it had",
      ],
    },
  },
  {
    name: "a right try is its source's first in the write",
    changes: [{ file: "lambdas/core/links/count-try.ts", from: "${stillFirst}`", to: "`" }],
    case: "link: opened with the right password | count-try: update LINK.TRIES (1) | frozen before it, meanwhile: its source guesses",
    red: {
      file: "test/links/links.test.ts",
      titles: ["a right one that isn't its source's first any more finds no room for first tries"],
    },
  },
  {
    name: "a lease's end is before what takes it over",
    changes: [
      {
        file: "lambdas/core/files/lock-events.ts",
        from: "return eventWrite(now, expired, lock.expires_ms);",
        to: "return eventWrite(now, expired);",
      },
    ],
    case: "lock: expired | nothing wrong",
    red: { file: "test/locks/ends.test.ts", titles: ["ended before the one that takes it over began"] },
  },
  {
    name: "a break sees in its write whether the lease has run out",
    changes: [
      { file: "lambdas/core/locks/break-lock.ts", from: " AND ${condition}`", to: " AND :ended = :ended`" },
    ],
    case: "lock: broken after its end | break-lock: transact NODE+EVT (1) | frozen before it, meanwhile: it is renewed, by a clock that is behind",
    red: {
      file: "test/locks/ends.test.ts",
      titles: ["is not told of as expired by who breaks it, for what an old index says"],
    },
  },
  {
    name: "a release sees in its write whether the lease has run out",
    changes: [
      { file: "lambdas/core/locks/release-lock.ts", from: " AND ${condition}`", to: " AND :ended = :ended`" },
    ],
    case: "lock: released as it runs out | release-lock: transact NODE+EVT (1) | frozen before it, meanwhile: it is renewed, by a clock that is behind",
    red: {
      file: "test/locks/ends.test.ts",
      titles: ["is released, and not told of as expired, where the clock that renewed it is behind"],
    },
  },
  {
    name: "the sweep tells of the end that stands",
    changes: [
      {
        file: "lambdas/core/locks/sweep-locks.ts",
        from: "#lock.#expires_ms = :expires_ms",
        to: "#lock.#expires_ms >= :expires_ms",
      },
    ],
    case: "sweep: a lock that has expired | each-due: query due lock (1) | old, as before its last change",
    red: { file: "test/locks/ends.test.ts", titles: ["is told of as it stands, not as an old index has it"] },
  },
  {
    name: "the sweep tells of all downloads",
    changes: [
      {
        file: "lambdas/core/links/sweep-links.ts",
        from: " AND #downloads = :downloads",
        to: " AND #downloads >= :downloads",
      },
    ],
    case: "sweep: a link that has expired | each-due: query due link (1) | old, as before its last change",
    red: {
      file: "test/locks/ends.test.ts",
      titles: [
        "a link that has expired is told of with its end and all its downloads, not as an old index has it",
      ],
    },
  },
  {
    name: "a claim for a sweep knows its own repeat",
    changes: [
      {
        file: "lambdas/core/kernel/put-aside.ts",
        from: 'return error.item?.["due_sk"] === next.due_sk && error.item["due_pk"] === next.due_pk;',
        to: "return false;",
      },
    ],
    case: "sweep: an endpoint that has failed for a day | put-aside: update HOOK.STATE (1) | twice",
    red: {
      file: "test/kernel/repeated-writes.test.ts",
      titles: ["what is claimed for a sweep is handled by it, though the answer to the claim was lost"],
    },
  },
  {
    name: "a revocation of a link knows its own repeat",
    changes: [
      {
        file: "lambdas/core/links/revoke-share.ts",
        from: 'return error.item?.["revoked_at"] === revoked_at;',
        to: "return false;",
      },
    ],
    case: "client: revoked, with all that it holds | revoke-share: update LINK (1) | twice",
    red: {
      file: "test/kernel/repeated-writes.test.ts",
      titles: ["a revocation counts a link that it ended, though the answer was lost"],
    },
  },
  {
    name: "of two grants that are given at once and are the same there is one",
    changes: [
      {
        file: "lambdas/core/access/grant-writes.ts",
        from: "? { put: same, ...isNew }",
        to: '? { put: same, blind: "mutant" }',
      },
    ],
    why: "nothing else knows that there is one already, so that the second is made in any order",
    red: {
      file: "test/grants/grants.test.ts",
      titles: ["is the grant that there is, also by many at once"],
    },
  },
  {
    name: "a workspace keeps its name with who gets another grant on it",
    changes: [
      {
        file: "lambdas/core/access/grant-writes.ts",
        from: "AND size(#grants) = :size",
        to: "AND size(#grants) >= :size",
      },
    ],
    case: "grant: ended | end-grant: transact GRANT+GRANTS+GRANTS.SAME+MADE+CLIENT+EVT (1) | frozen before it, meanwhile: its holder gets another",
    red: {
      file: "test/grants/grants.test.ts",
      titles: ["a name stays with its holder where it was granted anew"],
    },
  },
  {
    name: "a workspace that was renamed and got its name back keeps it",
    changes: [
      {
        file: "lambdas/core/kernel/unchanged.ts",
        from: '"attribute_exists(#pk) AND attribute_not_exists(#change)"',
        to: '"attribute_exists(#pk)"',
      },
    ],
    case: "workspace: renamed and opened | change-workspace: transact WSNAME+WORKSPACES+ORG+ORG.WS+ORG.WSNAME+CLIENT (1) | a copy late, at: 12 minutes later",
    red: {
      file: "test/workspaces/workspace-routes.test.ts",
      titles: ["whose copy comes late takes nothing back"],
    },
  },
];
