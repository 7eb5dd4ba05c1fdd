/** Conditions of writes to policies, and of what they keep. */
import type { Mutant } from "./mutant.ts";

export const policies: readonly Mutant[] = [
  {
    name: "policy: it is set upon the one that was seen",
    changes: [
      {
        file: "lambdas/core/policies/set-policy.ts",
        from: "      ...unchanged(found.record),\n",
        to: '      condition: "attribute_exists(#pk)",\n',
      },
      {
        file: "lambdas/core/policies/set-policy.ts",
        from: '      condition: "attribute_not_exists(#pk)",\n    },\n    eventWrite',
        to: '      blind: "mutant",\n    },\n    eventWrite',
      },
    ],
    case: "policy: set upon the one that was seen | set-policy: transact ORG+POLICY+EVT (1) | frozen before it, meanwhile: another is faster",
  },
  {
    name: "policy: what a hold keeps is in the trash still as it is put off",
    changes: [
      {
        file: "lambdas/core/trash/sweep-trash.ts",
        from: "await happened(deps.table.update({ key, update, ...asTrashed(deleted_at) }));",
        to: 'await happened(deps.table.update({ key, update, condition: deleted_at === "" ? "attribute_not_exists(#pk)" : "attribute_exists(#pk)" }));',
      },
    ],
    case: "sweep: what a legal hold keeps in the trash | sweep-trash: update NODE (1) | frozen before it, meanwhile: it is restored",
  },
];
