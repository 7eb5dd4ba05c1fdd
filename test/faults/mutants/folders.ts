/** Conditions of writes to folders and to the trash. */
import type { Mutant } from "./mutant.ts";

/** That a folder stands as it was read: without it, a write goes by an old name and parent. */
const notAsFound = {
  file: "lambdas/core/folders/find-folder.ts",
  from: ' AND attribute_not_exists(#deleted_at) AND #parent_id = :old_parent AND #name = :old_name AND ${unchanged}`,\n    values: { folder: "folder", old_parent: parent_id, old_name: name, old_updated: updated_at },',
  to: '`,\n    values: { folder: "folder" },',
};
const renamed = "folder: renamed | change-folder: transact NODE+DIR+PATH+EVT (1)";
const moved = "folder: moved by its target's id | change-folder: transact NODE+DIR+PATH+EVT (1)";
const restoredFile =
  "trash: a file is restored | restore-item: transact NODE+DIR+PATH.FILE+TRASH+EVT+IDEM (1)";
const restoredFolder = "trash: a folder is restored | restore-item: transact NODE+DIR+PATH+TRASH+EVT (1)";

const deletedWorkspace =
  "workspace: deleted | delete-workspace: transact WORKSPACES+ORG.WS+ORG.WSNAME+WSNAME+TRASH+EVT+ORG (1)";
const restoredWorkspace =
  "workspace: restored | restore-workspace: transact WSNAME+WORKSPACES+ORG.WS+ORG.WSNAME+TRASH+EVT+IDEM (1)";

export const folders: readonly Mutant[] = [
  {
    name: "a workspace is deleted as it was read",
    changes: [
      {
        file: "lambdas/core/trash/delete-workspace.ts",
        from: "      ...unchanged(workspace),\n",
        to: '        condition: "attribute_exists(#pk)",\n',
      },
    ],
    case: `${deletedWorkspace} | frozen before it, meanwhile: it is renamed`,
  },
  {
    name: "a workspace comes back to a name that is free",
    changes: [
      {
        file: "lambdas/core/workspaces/owner-name.ts",
        from: "{ put, ...ownOrFree(workspace), ",
        to: '{ put, blind: "mutant", ',
      },
    ],
    why: "nothing reads the name before: without it a restoration that comes after the name was taken ends the same, and is compared with that",
    red: { file: "test/trash/workspaces.test.ts", titles: ["leaves its name to another"] },
  },
  {
    name: "a workspace that is restored is in the trash since it was found there",
    changes: [
      {
        file: "lambdas/core/trash/restore-workspace.ts",
        from: "      ...asTrashed(deleted_at),\n",
        to: '      condition: "attribute_exists(#pk)",\n',
      },
    ],
    case: `${restoredWorkspace} | frozen before it, meanwhile: it is purged`,
  },
  {
    name: "a workspace that was restored isn't purged",
    changes: [
      {
        file: "lambdas/core/trash/purge-workspace.ts",
        from: "      ...asTrashed(deleted_at),\n",
        to: '      condition: "attribute_exists(#pk)",\n',
      },
    ],
    case: "workspace: purged | purge-workspace: transact WORKSPACES+NODE+TRASH+EVT (1) | frozen before it, meanwhile: it is restored",
  },
  {
    name: "a folder moves from where it was read, as it and the name that it leaves say",
    changes: [
      notAsFound,
      {
        file: "lambdas/core/folders/change-folder.ts",
        from: '      condition: "#node_id = :node_id",\n      values: { node_id },\n',
        to: '      blind: "mutant",\n',
      },
    ],
    case: `${renamed} | frozen before it, meanwhile: it is moved`,
  },
  {
    name: "a folder moves with the bound that was judged",
    changes: [
      {
        file: "lambdas/core/tree/place-folder.ts",
        from: "`${found.condition} AND ${asBounded.condition}`,\n      values: { ...found.values, ...asBounded.values },",
        to: "found.condition,\n      values: found.values,",
      },
    ],
    case: `${moved} | frozen before it, meanwhile: a file comes far down in it`,
  },
  {
    name: "a folder moves to a name that is free",
    changes: [
      {
        file: "lambdas/core/tree/place-folder.ts",
        from: '      condition: "attribute_not_exists(#pk)",\n      ...(taken && { else: taken }),\n',
        to: '      blind: "mutant",\n',
      },
    ],
    case: `${renamed} | frozen before it, meanwhile: a file has the name`,
  },
  {
    name: "what a folder is said to be called and where it is are of one moment",
    changes: [
      {
        file: "lambdas/core/folders/trail-of-folder.ts",
        from: "  if (!leadsTo(folder, trail)) throw new Overtaken();\n",
        to: "",
      },
    ],
    case: "folder: named as it is | standing: get NODE (1) | frozen before it, meanwhile: others rename it",
  },
  {
    name: "nothing goes into a folder that is deleted, where its bound is raised",
    changes: [
      {
        file: "lambdas/core/tree/reach.ts",
        from: "AND #kind = :folder AND attribute_not_exists(#deleted_at)`",
        to: "AND #kind = :folder`",
      },
    ],
    case: `${moved} | frozen before it, meanwhile: its target is purged and taken apart`,
  },
  {
    name: "nothing goes into a folder that is deleted",
    changes: [
      {
        file: "lambdas/core/tree/reach.ts",
        from: '#workspace_id = :workspace_id AND attribute_not_exists(#deleted_at)",',
        to: '#workspace_id = :workspace_id",',
      },
    ],
    case: `${restoredFile} | frozen before it, meanwhile: its folder is purged and taken apart`,
  },
  {
    name: "a bound is raised from what it was",
    changes: [
      {
        file: "lambdas/core/tree/reach.ts",
        from: "condition: `${condition} AND #parent_id",
        to: "condition: `#parent_id",
      },
      {
        file: "lambdas/core/tree/reach.ts",
        from: "values: { ...values, parent: folder.parent_id",
        to: "values: { parent: folder.parent_id",
      },
      {
        file: "lambdas/core/tree/reach.ts",
        from: "  const { condition, values } = asItWas(folder);\n",
        to: "",
      },
    ],
    case: `${moved} | frozen before it, meanwhile: a file comes far down beside it`,
  },
  {
    name: "bounds are raised of the folders that are above by then",
    changes: [
      { file: "lambdas/core/tree/reach.ts", from: " AND #parent_id = :parent AND #kind", to: " AND #kind" },
      { file: "lambdas/core/tree/reach.ts", from: "parent: folder.parent_id, folder:", to: "folder:" },
    ],
    case: `${moved} | frozen before it, meanwhile: its target's is moved`,
  },
  {
    name: "a folder is deleted where it was read, as it and its name say",
    changes: [
      notAsFound,
      {
        file: "lambdas/core/folders/delete-folder.ts",
        from: 'condition: "#node_id = :node_id", values: { node_id } },',
        to: 'blind: "mutant" },',
      },
    ],
    case: "folder: deleted | delete-folder: transact NODE+DIR+TRASH+EVT (1) | frozen before it, meanwhile: it is renamed",
  },
  {
    name: "what was purged isn't restored",
    changes: [
      {
        file: "lambdas/core/tree/trash.ts",
        from: '"#deleted_at = :trashed_at AND attribute_not_exists(#purged_ms)"',
        to: '"#deleted_at = :trashed_at"',
      },
    ],
    case: `${restoredFile} | frozen before it, meanwhile: it is purged`,
  },
  {
    name: "what is restored is in the trash since it was found there",
    changes: [
      {
        file: "lambdas/core/tree/trash.ts",
        from: '"#deleted_at = :trashed_at AND attribute_not_exists(#purged_ms)"',
        to: '"#deleted_at <= :trashed_at OR attribute_not_exists(#purged_ms)"',
      },
    ],
    case: `${restoredFile} | frozen before it, meanwhile: others restore it and delete it again`,
  },
  {
    name: "a folder comes back to a name that is free",
    changes: [
      {
        file: "lambdas/core/tree/place-folder.ts",
        from: 'node_id, kind: "folder" },\n      condition: "attribute_not_exists(#pk)",',
        to: 'node_id, kind: "folder" },\n      blind: "mutant",',
      },
    ],
    case: `${restoredFolder} | frozen before it, meanwhile: its name is taken`,
  },
  {
    name: "a thing is purged once",
    changes: [
      {
        file: "lambdas/core/tree/trash.ts",
        from: '"#deleted_at = :trashed_at AND attribute_not_exists(#purged_ms)"',
        to: '"#deleted_at = :trashed_at"',
      },
    ],
    case: "trash: a file is purged | purge-item: transact NODE+TRASH+EVT (1) | frozen before it, meanwhile: others purge it",
  },
  {
    name: "what was restored isn't purged",
    changes: [
      {
        file: "lambdas/core/tree/trash.ts",
        from: '"#deleted_at = :trashed_at AND attribute_not_exists(#purged_ms)"',
        to: '"#deleted_at <= :trashed_at OR attribute_not_exists(#purged_ms)"',
      },
    ],
    case: "trash: a folder is purged | purge-item: transact NODE+TRASH+EVT (1) | frozen before it, meanwhile: it is restored",
  },
  {
    name: "the sweep purges what is in the trash by then",
    changes: [
      {
        file: "lambdas/core/tree/trash.ts",
        from: '"#deleted_at = :trashed_at AND attribute_not_exists(#purged_ms)"',
        to: '"#deleted_at <= :trashed_at OR attribute_not_exists(#purged_ms)"',
      },
    ],
    case: "sweep: a folder whose days in the trash are over | sweep-trash: transact NODE+TRASH+EVT (1) | frozen before it, meanwhile: it is restored and deleted again",
  },
  {
    name: "what has left a purged folder isn't taken apart with it, as it and its name say",
    changes: [
      {
        file: "lambdas/core/trash/sweep-trash.ts",
        from: 'condition: "#node_id = :node_id", values: { node_id } },',
        to: 'blind: "mutant" },',
      },
      {
        file: "lambdas/core/trash/sweep-trash.ts",
        from: '          condition: "#parent_id = :parent AND attribute_not_exists(#deleted_at)",\n          values: { parent },',
        to: '          condition: "attribute_exists(#pk)",',
      },
    ],
    case: "sweep: a purged folder is taken apart, which one is about to leave | sweep-trash: transact DIR+NODE (1) | frozen before it, meanwhile: that one leaves it",
  },
];
