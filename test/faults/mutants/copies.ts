/** Conditions of copies, and of the bytes that they share. */
import type { Mutant } from "./mutant.ts";

const COPY = "copy-file: transact NODE+NODE.VER+HOLD+DIR+PATH.FILE+EVT (1)";
const ONTO = "copy-file: transact NODE+NODE.VER+HOLD+EVT (1)";

export const copies: readonly Mutant[] = [
  {
    name: "shared bytes: a hold is given up against one that stands",
    changes: [
      {
        file: "lambdas/core/versions/purge-version.ts",
        from: '      ...(other === undefined ? [] : [{ check: other, condition: "attribute_exists(#pk)" }]),\n',
        to: "",
      },
    ],
    case: "purge: a file whose copy is there | purge-version: transact NODE.VER+HOLD (1) | frozen before it, meanwhile: that one is purged too",
    red: { file: "test/copies/shared-bytes.test.ts", titles: ["of two that are purged at once"] },
  },
  {
    name: "shared bytes: a hold goes with its version",
    changes: [
      {
        file: "lambdas/core/versions/purge-version.ts",
        from: "      { remove: keys.hold(object_key, version_id) },\n",
        to: "",
      },
    ],
    case: "purge: a file and its copy | nothing wrong",
    red: { file: "test/copies/shared-bytes.test.ts", titles: ["whatever is copied"] },
  },
  {
    name: "shared bytes: they go with the last that names them",
    changes: [
      {
        file: "lambdas/core/versions/purge-version.ts",
        from: "if (other === undefined && !kept) await",
        to: "if (!kept) await",
      },
    ],
    case: "purge: a file whose copy is there | nothing wrong",
    red: { file: "test/copies/shared-bytes.test.ts", titles: ["whatever is copied"] },
  },
  {
    name: "shared bytes: a copy that never came about takes none from those that it hasn't marked",
    changes: [
      {
        file: "lambdas/core/versions/purge-version.ts",
        from: "return purgeShared(deps, itself, { kept });",
        to: "return purgeShared(deps, itself);",
      },
    ],
    case: "purge: a version that a copy has marked which never came about | nothing wrong",
  },
  {
    name: "shared bytes: one that is marked while it is purged takes its hold along",
    changes: [
      {
        file: "lambdas/core/versions/purge-version.ts",
        from: "attribute_exists(#removed_ms) AND attribute_not_exists(#shared)",
        to: "attribute_exists(#removed_ms)",
      },
    ],
    case: "purge: a version whose restoration is copied | purge-version: remove NODE.VER (1) | frozen before it, meanwhile: it is copied",
    red: { file: "test/copies/shared-bytes.test.ts", titles: ["leaves no hold behind"] },
  },
  {
    name: "shared bytes: nothing of a purged file is marked",
    changes: [
      {
        file: "lambdas/core/copies/copy-file.ts",
        from: 'check: keys.node(file.node_id), condition: "attribute_not_exists(#deleted_at)" }',
        to: 'check: keys.node(file.node_id), condition: "attribute_exists(#pk)" }',
      },
    ],
    why: "the purge stands still at one call and the copy at another, of which the harness has one at a time",
    red: { file: "test/copies/shared-bytes.test.ts", titles: ["marks nothing of it"] },
  },
  {
    name: "a copy shares the bytes of restorations too",
    changes: [
      {
        file: "lambdas/core/copies/copy-file.ts",
        from: "    await shareOthers(deps, source);\n",
        to: "",
      },
    ],
    case: "copy: an old version, which was restored | nothing wrong",
  },
  {
    name: "a copy shares the bytes of restorations that were made meanwhile",
    changes: [
      { file: "lambdas/core/copies/copy-file.ts", from: " AND #version_id = :told_version`", to: "`" },
      {
        file: "lambdas/core/copies/copy-file.ts",
        from: "      values: { told_version: file.version_id },\n",
        to: "",
      },
    ],
    case: `copy: an old version, which was restored | ${COPY} | frozen before it, meanwhile: it is restored`,
  },
  {
    name: "a restoration of what a copy has shared meanwhile holds it too",
    changes: [
      {
        file: "lambdas/core/versions/restore-version.ts",
        from: '${version.shared ? "" : " AND attribute_not_exists(#shared)"}',
        to: "",
      },
    ],
    case: "copy: of what is restored meanwhile | restore-version: transact NODE.VER+NODE+EVT (1) | frozen before it, meanwhile: it is copied",
    red: { file: "test/copies/copies.test.ts", titles: ["an old version is restored"] },
  },
  {
    name: "a copy is of a file that is there",
    changes: [
      {
        file: "lambdas/core/copies/copy-file.ts",
        from: "attribute_not_exists(#deleted_at) AND #version_id",
        to: "#version_id",
      },
    ],
    why: "the end is that of the other order, in which it was copied before",
    red: { file: "test/copies/copies.test.ts", titles: ["the file is deleted"] },
  },
  {
    name: "a copy is of a version that is there",
    changes: [
      {
        file: "lambdas/core/versions/holds.ts",
        from: "#state = :ready AND attribute_not_exists(#removed_ms)",
        to: "#state = :ready",
      },
    ],
    why: "the end is that of the other order, in which it was copied before",
    red: { file: "test/copies/copies.test.ts", titles: ["the version is deleted"] },
  },
  {
    name: "a copy becomes a version under the name that it was judged by",
    changes: [
      {
        file: "lambdas/core/copies/copy-file.ts",
        from: "${condition} AND #name = :judged_name AND",
        to: "${condition} AND",
      },
      { file: "lambdas/core/copies/copy-file.ts", from: "judged_name: file.name, ", to: "" },
    ],
    case: `copy: onto a file that is there | ${ONTO} | frozen before it, meanwhile: that one is renamed`,
  },
  {
    name: "a copy becomes a version in the folder that is told",
    changes: [
      {
        file: "lambdas/core/copies/copy-file.ts",
        from: " AND #folder_id = :told_folder`",
        to: "`",
      },
      { file: "lambdas/core/copies/copy-file.ts", from: ", told_folder: file.folder_id", to: "" },
    ],
    case: `copy: onto a file that is there | ${ONTO} | frozen before it, meanwhile: that one is moved`,
  },
  {
    name: "a copy goes onto a file that still has the name",
    changes: [
      {
        file: "lambdas/core/copies/copy-target.ts",
        from: "    if (file.name !== name || file.folder_id !== folderId) throw new Overtaken();\n",
        to: "",
      },
    ],
    case: "copy: onto a file that is there | files-to-handle: get NODE (1) | frozen before it, meanwhile: that one is renamed",
  },
];
