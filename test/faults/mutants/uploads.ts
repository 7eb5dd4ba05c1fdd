/** Conditions of writes to uploads, versions and files. */
import type { Mutant } from "./mutant.ts";

export const uploads: readonly Mutant[] = [
  {
    name: "a refused start's record stays",
    changes: [
      {
        file: "lambdas/core/uploads/start-upload.ts",
        from: '    table.update({\n      key: keys.upload(uploadId),\n      update: { set: { state: "aborted" }, remove: ["due_pk", "due_sk", "open_pk"] },\n      condition: "#state = :open",\n      values: { open: "open" },\n    }),',
        to: '    table.remove({ remove: keys.upload(uploadId), blind: "mutant" }),',
      },
    ],
    case: "start: a name that a folder has | add-upload: put UPL (1) | a copy late, at: the end of the call",
    red: { file: "test/finalize/upload-late-writes.test.ts", titles: ["a start that was refused is none"] },
  },
  {
    name: "a refused start is taken back once",
    changes: [
      {
        file: "lambdas/core/uploads/start-upload.ts",
        from: "  // The first copy of this write got through.\n  await happened(",
        to: "  await Promise.resolve(",
      },
    ],
    case: "start: a name that a folder has | start-upload: update UPL (1) | twice",
    red: { file: "test/finalize/upload-late-writes.test.ts", titles: ["a start that was refused is none"] },
  },
  {
    name: "a guess is mended once",
    changes: [
      {
        file: "lambdas/core/uploads/start-upload.ts",
        from: '#file_id IN (:from, :file_id)",',
        to: '#file_id = :from",',
      },
    ],
    case: "start: onto a file that its hint doesn't lead to | start-upload: update UPL (1) | twice",
    red: { file: "test/finalize/upload-late-writes.test.ts", titles: ["leads where its client was told"] },
  },
  {
    name: "an intent comes after all before it",
    changes: [{ file: "lambdas/core/finalize/finalize-upload.ts", from: " AND ${IN_ORDER}`", to: "`" }],
    case: "finalize: refused once more, with its parts put together | finalize-upload: update UPL (1) | a copy late, at: the end of the call",
    red: {
      file: "test/finalize/upload-late-writes.test.ts",
      titles: ["an intent that was withdrawn is not armed"],
    },
  },
  {
    name: "an intent knows its own repeat",
    changes: [
      {
        file: "lambdas/core/finalize/finalize-upload.ts",
        from: " OR #intent.#attempt = :latest_attempt",
        to: "",
      },
    ],
    case: "finalize: parts that S3 has lost | finalize-upload: update UPL (1) | twice",
    red: {
      file: "test/finalize/upload-late-writes.test.ts",
      titles: ["an intent that is written twice is one"],
    },
  },
  {
    name: "an attempt is later than another clock's",
    changes: [
      {
        file: "lambdas/core/finalize/finalize-upload.ts",
        from: "newAttempt(now, refused.upload.latest_attempt)",
        to: "newAttempt(now)",
      },
    ],
    case: "finalize: after one that was refused | clock -3000 ms",
    red: { file: "test/finalize/upload-late-writes.test.ts", titles: ["clocks that differ"] },
  },
  {
    name: "bytes stay while a copy of their PutObject may come",
    changes: [
      {
        file: "lambdas/core/files/supersede-version.ts",
        from: "STAY_MS = 16 * 60_000",
        to: "STAY_MS = 14 * 60_000",
      },
    ],
    why: "what is deleted stays in the trash for days, so that no copy comes as late as its purge",
    red: { file: "test/finalize/upload-late-writes.test.ts", titles: ["leaves no bytes that nothing names"] },
  },
  {
    name: "bytes stay for a sibling's URLs",
    changes: [
      {
        file: "lambdas/core/versions/purge-version.ts",
        from: "removed_ms > urlsGone",
        to: "other.removed_ms === undefined",
      },
    ],
    case: "sweep: a version that was deleted, of which another is a restoration | each-due: query due version (1) | frozen before it, meanwhile: that one is deleted",
    red: { file: "test/versions/versions.test.ts", titles: ["keeps them as long as a URL"] },
  },
  {
    name: "a version's days end it, whatever else there is",
    changes: [
      {
        file: "lambdas/core/versions/keep-retention.ts",
        from: "  if (dueSince + keepMs <= now) return mark(deps, file_id, dueId, now);\n",
        to: "",
      },
    ],
    case: "sweep: a version whose days are over, behind more than are looked at | nothing wrong",
    red: { file: "test/versions/versions.test.ts", titles: ["ends a version by its days"] },
  },
  {
    name: "no more versions stay than are kept",
    changes: [
      {
        file: "lambdas/core/versions/keep-retention.ts",
        from: "kept <= most && superseded_ms",
        to: "superseded_ms",
      },
    ],
    case: "sweep: one version more than is kept | nothing wrong",
  },
  {
    name: "an upload becomes one version",
    changes: [
      {
        file: "lambdas/core/finalize/end-session.ts",
        from: '"#state IN (:open, :finalizing)"',
        to: '"attribute_exists(#state) OR #state IN (:open, :finalizing)"',
      },
    ],
    case: "finalize: a new file | commit-upload: transact UPL+NODE+DIR+PATH.FILE+NODE.VER+EVT+LINK+NODE.SHARE (1) | frozen before it, meanwhile: the client asks again",
  },
  {
    name: "retention looks through many refused uploads",
    changes: [
      {
        file: "lambdas/core/versions/versions-of.ts",
        from: "const MAX_PAGES = 200;",
        to: "const MAX_PAGES = 20;",
      },
    ],
    case: "sweep: a version behind many that were refused | nothing wrong",
    red: { file: "test/versions/versions.test.ts", titles: ["looks through more refused"] },
  },
  {
    name: "a refused version keeps no metadata",
    changes: [
      {
        file: "lambdas/core/versions/new-version.ts",
        from: "{ ttl: ttl(now + REJECTED_KEEP_MS) } : { metadata: upload.metadata }",
        to: "{ ttl: ttl(now + REJECTED_KEEP_MS), metadata: upload.metadata } : { metadata: upload.metadata }",
      },
    ],
    case: "finalize: content that its name refuses | nothing wrong",
    red: { file: "test/versions/versions.test.ts", titles: ["is listed as rejected"] },
  },
  {
    name: "finalize tells the folder in which the file is",
    changes: [
      {
        file: "lambdas/core/finalize/commit-upload.ts",
        from: " AND #folder_id = :told_folder`,\n    values: { ...values, judged_name: file.name, told_folder: file.folder_id },",
        to: "`,\n    values: { ...values, judged_name: file.name },",
      },
    ],
    case: "finalize: onto a file | commit-upload: transact UPL+NODE+NODE.VER+EVT (1) | frozen before it, meanwhile: the file is moved",
    red: {
      file: "test/finalize/conditions.test.ts",
      titles: ["an upload that ends while its file is moved"],
    },
  },
  {
    name: "a deletion tells the version that was current",
    changes: [
      {
        file: "lambdas/core/files/delete-file.ts",
        from: " AND #version_id = :told_version AND #updated_at = :read_at",
        to: "",
      },
      {
        file: "lambdas/core/files/delete-file.ts",
        from: "...{ name, folder_id, read_at: file.updated_at },\n          ...{ told_version: file.version_id, lock_id: lock?.lock_id },",
        to: "...{ name, folder_id, lock_id: lock?.lock_id },",
      },
    ],
    case: "delete: a file | delete-file: transact NODE+DIR+TRASH+EVT (1) | frozen before it, meanwhile: another version comes",
    red: {
      file: "test/finalize/conditions.test.ts",
      titles: ["a file that gets a version as it is deleted"],
    },
  },
  {
    name: "a restoration tells the folder in which the file is",
    changes: [
      { file: "lambdas/core/versions/restore-version.ts", from: " AND #folder_id = :told_folder`", to: "`" },
      { file: "lambdas/core/versions/restore-version.ts", from: ", told_folder: file.folder_id", to: "" },
    ],
    case: "version: restored | restore-version: transact NODE.VER+NODE+EVT (1) | frozen before it, meanwhile: the file is moved",
    red: {
      file: "test/finalize/conditions.test.ts",
      titles: ["a version that comes back while its file is moved"],
    },
  },
  {
    name: "a refused upload of a new file is heard in its folder",
    changes: [
      {
        file: "lambdas/core/finalize/complete-upload.ts",
        from: "version_id, folder_id, name, size: content.size",
        to: "version_id, name, size: content.size",
      },
    ],
    case: "finalize: content that its name refuses | nothing wrong",
    red: { file: "test/finalize/upload-finalize.test.ts", titles: ["is told of to those who listen"] },
  },
  {
    name: "of a file that was moved, where it is",
    changes: [
      {
        file: "lambdas/core/finalize/complete-upload.ts",
        from: "  if (isStanding(file) && file.workspace_id === workspace_id) return file.folder_id;\n",
        to: "",
      },
    ],
    case: "finalize: content that its name refuses, of a file that was moved | nothing wrong",
    red: { file: "test/finalize/upload-finalize.test.ts", titles: ["is told of to those who listen"] },
  },
  {
    name: "nor of one that has gone to another workspace",
    changes: [
      {
        file: "lambdas/core/finalize/complete-upload.ts",
        from: " && file.workspace_id === workspace_id",
        to: "",
      },
    ],
    why: "that it is told in a folder of another workspace, the harness doesn't look at",
    red: {
      file: "test/files/to-another-workspace.test.ts",
      titles: ["a refusal of its content is told where it was begun"],
    },
  },
  {
    name: "a version is made in another workspace only by a call that was decided there",
    changes: [
      {
        file: "lambdas/core/finalize/commit-upload.ts",
        from: "    if (!decidedIn.includes(workspaceOf(upload, target))) throw",
        to: "    if (decidedIn.length === 0) throw",
      },
    ],
    why: "its client may write there too, in the harness",
    red: {
      file: "test/files/to-another-workspace.test.ts",
      titles: ["what was decided before the move doesn't write after it"],
    },
  },
  {
    name: "what is sent to a path stays in its workspace",
    changes: [
      {
        file: "lambdas/core/finalize/choose-target.ts",
        from: "  if (isStanding(node) && follows) return",
        to: "  if (isStanding(node) && (follows || true)) return",
      },
    ],
    why: "what is chosen there is the rule's, whatever goes wrong",
    red: {
      file: "test/files/to-another-workspace.test.ts",
      titles: ["of a path make a new file there"],
    },
  },
  {
    name: "an empty file is its own call's alone",
    changes: [{ file: "lambdas/core/finalize/make-empty.ts", from: 'from: "ours"', to: 'from: "open"' }],
    case: "finalize: nothing yet, as another begins with what has come since | nothing wrong",
    red: { file: "test/finalize/upload-assembly.test.ts", titles: ["nor where it would be first"] },
  },
  {
    name: "an empty object is replaced where parts were found",
    changes: [
      {
        file: "lambdas/core/finalize/assemble-upload.ts",
        from: "    if (instead !== undefined)\n      result =",
        to: '    if (instead === "mutant")\n      result =',
      },
    ],
    case: "finalize: parts that came after an empty one had died | nothing wrong",
    red: { file: "test/finalize/upload-assembly.test.ts", titles: ["beside another finalize"] },
  },
  {
    name: "but not by a call that another has followed",
    changes: [
      {
        file: "lambdas/core/finalize/assemble-upload.ts",
        from: "  if (now?.intent?.attempt !== attempt) throw stillFinalizing();\n",
        to: "  void [now, attempt];\n",
      },
    ],
    case: "finalize: nothing yet, beside one that began before | make-empty: AbortMultipartUpload (1) | frozen before it, meanwhile: its part comes, and that one goes on",
    red: { file: "test/finalize/upload-assembly.test.ts", titles: ["where it was the last to begin"] },
  },
  {
    name: "an empty object says nothing where there are parts",
    changes: [
      {
        file: "lambdas/core/finalize/complete-upload.ts",
        from: "  else if (facts.size === 0) await requireNoParts(deps, completion.upload);\n",
        to: "",
      },
    ],
    case: "sweep: an empty finalize that died, and parts since | nothing wrong",
    red: { file: "test/finalize/upload-assembly.test.ts", titles: ["one that died with an empty object"] },
  },
  {
    name: "another finalize's object is not this one's",
    changes: [
      {
        file: "lambdas/core/finalize/complete-upload.ts",
        from: "if (completion.listed !== undefined) requireListed(completion.upload, completion.listed, facts.size);",
        to: "if (completion.listed !== undefined) void requireListed;",
      },
    ],
    case: "finalize: all its parts, as another has fewer put together | nothing wrong",
    red: { file: "test/finalize/upload-assembly.test.ts", titles: ["one that has found more parts"] },
  },
  {
    name: "an empty object is no whole",
    changes: [
      { file: "lambdas/core/uploads/reopen-upload.ts", from: "facts && facts.size > 0 ?", to: "facts ?" },
    ],
    case: "finalize: parts that came after an empty one was refused | nothing wrong",
    red: {
      file: "test/finalize/upload-assembly.test.ts",
      titles: ["one that was refused with an empty object"],
    },
  },
  {
    name: "what passes is no refusal",
    changes: [
      { file: "lambdas/core/finalize/finish-upload.ts", from: ' || error.code === "conflict"', to: "" },
    ],
    case: "ingest: a finalize that died, of a file that has another name at each try | nothing wrong",
    red: { file: "test/finalize/upload-assembly.test.ts", titles: ["what the sweep fails at in passing"] },
  },
  {
    name: "an intent is judged by its own time",
    changes: [
      {
        file: "lambdas/core/finalize/finish-upload.ts",
        from: "Math.max(attemptedAt(attempt), upload.assembling?.since_ms ?? 0)",
        to: "upload.assembling?.since_ms ?? attemptedAt(attempt)",
      },
    ],
    case: "finalize: begun long after one that died, and dies, as a sweep looks that has found that | nothing wrong",
    red: { file: "test/finalize/upload-assembly.test.ts", titles: ["a finalize that has just begun"] },
  },
  {
    name: "an abort cleans by the session as it ended",
    changes: [
      {
        file: "lambdas/core/uploads/abort-upload.ts",
        from: "await cleanUpload(deps, ended);",
        to: "await cleanUpload(deps, upload);",
      },
    ],
    case: "abort: as S3 begins to put its parts together | nothing wrong",
    red: { file: "test/finalize/upload-assembly.test.ts", titles: ["an abort that has read the session"] },
  },
  {
    name: "a claim that was given up stays so",
    changes: [
      {
        file: "lambdas/core/kernel/idempotency.ts",
        from: '" OR #released_ms < :now"',
        to: '" OR attribute_exists(#released_ms)"',
      },
    ],
    case: "start: refused, and corrected under its Idempotency-Key | idempotency: put IDEM (1) | a copy late, at: the end of the call",
    red: { file: "test/kernel/idempotency.test.ts", titles: ["a claim that was given up"] },
  },
  {
    name: "a claim is later than another clock's release",
    changes: [
      {
        file: "lambdas/core/kernel/idempotency.ts",
        from: "existing.released_ms !== undefined && round < ROUNDS",
        to: "existing.released_ms !== undefined && round < 0",
      },
    ],
    case: "start: as corrected under an Idempotency-Key | clock -3000 ms",
    red: { file: "test/kernel/idempotency.test.ts", titles: ["a claim that was given up"] },
  },
  {
    name: "a chunk in front of others keeps its length",
    changes: [
      {
        file: "lambdas/core/uploads/next-chunk.ts",
        from: "offset === undefined ? undefined : lengthBefore(parts, number, upload)",
        to: "undefined",
      },
    ],
    case: "read: a session, and where its next chunk goes | nothing wrong",
    red: { file: "test/uploads/upload-chunks.test.ts", titles: ["one that is sent again in front"] },
  },
  {
    name: "and one in a gap has that of the others",
    changes: [
      {
        file: "lambdas/core/uploads/next-chunk.ts",
        from: "before?.size ?? (isRegular(parts, upload) ? upload.part_size : undefined)",
        to: "before?.size",
      },
    ],
    case: "read: a session, and where its next chunk goes | nothing wrong",
    red: { file: "test/uploads/upload-chunks.test.ts", titles: ["one that is sent again in front"] },
  },
  {
    name: "what S3 lists is not lost",
    changes: [
      {
        file: "lambdas/core/finalize/finish-upload.ts",
        from: " && (await listParts(deps, begun)) === undefined",
        to: "",
      },
    ],
    case: "sweep: a finalize that can't succeed | nothing wrong",
    red: {
      file: "test/finalize/upload-assembly.test.ts",
      titles: ["a finalize that died before S3 was asked"],
    },
  },
  {
    name: "what a form has brought belongs to an open session",
    changes: [
      {
        file: "lambdas/core/finalize/take-posted.ts",
        from: "#state = :open AND (attribute_not_exists",
        to: "attribute_exists(#pk) AND (attribute_not_exists",
      },
      {
        file: "lambdas/core/finalize/take-posted.ts",
        from: '        values: { open: "open" },\n',
        to: "",
      },
    ],
    case: "form: posted, and told of | take-posted: update UPL (1) | frozen before it, meanwhile: the client aborts",
    red: { file: "test/finalize/upload-forms.test.ts", titles: ["given up while it is copied"] },
  },
  {
    name: "what a form has brought first stays",
    changes: [
      {
        file: "lambdas/core/finalize/take-posted.ts",
        from: " AND (attribute_not_exists(#s3_upload_id) OR #s3_upload_id = :s3_upload_id)",
        to: "",
      },
    ],
    why: "the session ends the same, and what S3 keeps of the other no view shows",
    red: { file: "test/finalize/upload-forms.test.ts", titles: ["two visitors"] },
  },
  {
    name: "what a form has brought is known by its own repeat",
    changes: [
      {
        file: "lambdas/core/finalize/take-posted.ts",
        from: " OR #s3_upload_id = :s3_upload_id",
        to: "",
      },
    ],
    case: "form: posted, and told of | take-posted: update UPL (1) | twice",
    red: { file: "test/finalize/upload-forms.test.ts", titles: ["written twice"] },
  },
  {
    name: "a form that was looked at is due while it is open",
    changes: [
      {
        file: "lambdas/core/finalize/sweep-uploads.ts",
        from: '      condition: "#state = :open",\n      values: { open: "open" },\n',
        to: '      condition: "attribute_exists(#pk)",\n',
      },
    ],
    case: "form: posted, and told of by nobody | sweep-uploads: update UPL (1) | twice",
    red: { file: "test/finalize/upload-forms.test.ts", titles: ["found by the sweep"] },
  },
];
