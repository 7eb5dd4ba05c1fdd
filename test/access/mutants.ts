/** What is wrong with the decision then: texts of `lambdas/core/access/` to replace, each of which must stand in its file. */
type Change = [from: string, to: string];

const decide: [name: string, ...changes: Change[]][] = [
  ["expiry: a millisecond early", ["holdsAt(grant, now)", "holdsAt(grant, now + 1)"]],
  ["expiry: none", [" && holdsAt(grant, now)", ""]],
  ["handed over: grants stay", [" && isOfNow(place, grant)", ""]],
  ["handed over: all grants end", ["return given <= epoch && given", "return epoch === 0 && given"]],
  ["kept: nobody", ["(via === undefined ? since : epoch)", "epoch"]],
  ["kept: groups too", ["(via === undefined ? since : epoch)", "since"]],
  ["cover: only the workspace", ["on === workspace_id || chain.includes(on)", "on === workspace_id"]],
  ["cover: not the workspace", ["on === workspace_id || chain.includes(on)", "chain.includes(on)"]],
  ["cover: what was given in another workspace", ["given === workspace_id && (", "(given || true) && ("]],
  ["cover: only the thing itself", ["chain.includes(on)", "chain.at(-1) === on"]],
  ["cover: only the uppermost", ["chain.includes(on)", "chain[0] === on"]],
  ["role: an admin has nothing", ['if (role === "admin") return actionsOfRole("manager");', ""]],
  ["role: an admin may transfer", ['return actionsOfRole("manager")', 'return actionsOfRole("owner")']],
  [
    "role: an owner is an admin",
    [
      'if (role === "owner") return actionsOfRole("owner");',
      'if (role === "owner") return actionsOfRole("manager");',
    ],
  ],
  ["role: a guest is a member", ['role === "member" &&', "role !== undefined &&"]],
  [
    "role: members are never editors",
    ["return actionsOfRole(member_access)", 'return actionsOfRole("viewer")'],
  ],
  ["role: members have nothing", ['role === "member" &&', "false &&"]],
  ["restriction: of nothing", ["return within === undefined ? has :", "return has.size > 0 ? has :"]],
  ["restriction: gives", ["new Set([...has].filter((action) => within.has(action)))", "within"]],
  ["restriction: to all of the workspace", ["file ?? folder ?? workspace", "workspace"]],
  ["restriction: not to a file", ["file ?? folder ?? workspace", "folder ?? workspace"]],
  [
    "restriction: an empty one is none",
    ["if (details === undefined)", "if (details === undefined || details.length === 0)"],
  ],
  ["restriction: not of one's own", ["(within?.has(action) ?? true)", "true"]],
  ["own: though all is lost", ["holdsAny(asker, place) &&", ""]],
  ["own: lost by a restriction", ["{ ...asker, details: undefined }", "asker"]],
  ["own: beside sight", ["named && !sees && holdsAny", "named && holdsAny"]],
  ["own: mixed", ['made.file === "own"', 'made.file !== "others"']],
  ["own: a thing by its file", ['if (made.by === "thing") return ownThing;', ""]],
  ["own: a file by the thing", ['if (made.by === "file") return ownFile;', ""]],
  ["own: both", ["return ownFile || ownThing", "return ownFile && ownThing"]],
  ["own: whatever is done", [" || !OF_OWN.has(action)", ""]],
  ["own: without the scope", ["if (named && !sees", "if (!sees"]],
  ["own: not told", ["own: true, ...there", "own: false, ...there"]],
  ["on one's own: whatever one has", ["reach = sees ? has :", "reach = has.size > 0 ? has :"]],
  ["on one's own: without scopes", ["[...reach].filter((one) => scoped.has(one))", "reach"]],
  ["on one's own: whatever the restriction", ["within?.has(one) ?? true", "true"]],
  ["scope: not asked", ["if (named && has.has(action)", "if (has.has(action)"]],
  ["sight: without the scope", [' && holds(asker.scopes, "files:read")', ""]],
  ["sight: by list alone", ['(has.has("list") || has.has("read")) &&', 'has.has("list") &&']],
  ["sight: not needed", ["(sees || !needsSight(action))", "true"]],
  ["sight: needed for all", ["(sees || !needsSight(action))", "sees"]],
  ["sight: of whatever one has a right to", ["visible: sees", "visible: has.size > 0"]],
  ["blind: whoever may create", [' && !has.has("list") && !has.has("read")', ""]],
  ["blind: by list alone", [' && !has.has("list") && !has.has("read")', ' && !has.has("list")']],
  ["link: not handed over", ["made?.handed !== undefined", "false"]],
  ["link: handed over for good", ["made.handed === epoch", "true"]],
  [
    "link: handed over with all that is done",
    ['named && action === "share" && isHanded', "named && isHanded"],
  ],
  ["link: handed over beyond a restriction", ['(within?.has("share") ?? true)', "true"]],
  ["link: handed over without the scope", ['if (named && action === "share"', 'if (action === "share"']],
];

const authorize: typeof decide = [
  ["nobody is told", ["call.decided?.();", ""]],
  ["scope: not required", ["requireScope(call.caller, ...scopes);", ""]],
  [
    "what is hidden is forbidden",
    [
      "if (decision === undefined || (!decision.allowed && !decision.visible))",
      "if (decision === undefined)",
    ],
  ],
  ["what is forbidden is hidden", ["(!decision.allowed && !decision.visible)", "!decision.allowed"]],
  ["clock: ahead", ["now: now() }", "now: now() + 1 }"]],
  ["quick: for the blind", ['return decision.has.has("list") || decision.has.has("read");', "return true;"]],
  ["quick: as one's own", ["|| (decision.own && (decision.sees || !needsSight(action)))", ""]],
  [
    "quick: as a link that was handed over",
    ["(decision.sees || !needsSight(action))", "!needsSight(action)"],
  ],
  ["quick: never", ["(hasFurther(caller) && !isEnough)", "hasFurther(caller)"]],
  [
    "whole: as the rest",
    ["isWhole(atOnce, action) && !(whole && mayGain(caller, quick, atOnce))", "isWhole(atOnce, action)"],
  ],
  [
    "whole: nothing of groups",
    ['((more_grants || groups.length > 0) && gains(actionsOfRole("owner"))) ||\n', ""],
  ],
  [
    "whole: nothing of roles",
    ["    Object.values(organizations).some((role) => gains(byRole(role))) ||\n", ""],
  ],
  ["whole: nothing of folders", ["elsewhere.some(({ actions }) => gains(actions))", "elsewhere.length < 0"]],
  ["further: not of groups", ["    groups.length > 0 ||\n", ""]],
  ["further: not of its own partition", ["    more_grants ||\n", ""]],
  ["further: not of restrictions", ["    details !== undefined ||\n", ""]],
  ["further: owners alone", ['role !== "guest"', 'role === "owner"']],
  ["further: not of folders", ["on !== workspace_id)", "false)"]],
  ["further: always", ["(hasFurther(caller) && !isEnough)", "!isEnough"]],
  ["further: dropped", ["grants: [...own, ...(await", "grants: [...(await"]],
  [
    "further: of no workspace",
    ["furtherGrants(deps, holder.id, workspace)", "furtherGrants(deps, holder.id, NOTHING)"],
  ],
  [
    "groups: dropped",
    ["grants: [...own, ...(await groupGrants(deps, { items, groups, workspace }))]", "grants: own"],
  ],
  ["groups: only what their records have", ["[...grantsOf(group), ...further]", "[...grantsOf(group)]"]],
  ["groups: only what their records haven't", ["[...grantsOf(group), ...further]", "[...further]"]],
  [
    "role: of any organization",
    ["holder.rights.organizations[organization_id]", "Object.values(holder.rights.organizations)[0]"],
  ],
  ["member_access: not read", ["chain, member_access, since: epoch }", "chain, since: epoch }"]],
  ["handed over: not read", ["epoch: workspaceNow(workspace, organization).epoch,", ""]],
  ["kept: not read", ["since: grantedSince(id, workspace, organization),", ""]],
  ["handed over: roles stay", ["role: roleNow(holder, all.workspace.organization_id, organization),", ""]],
  ["handed over: what was decided at once stays", ["if (hasAllOf(asker, quick, place)) return", "return"]],
  ["handed over: a link decided at once stays", [" && isHanded(quick) === isHanded(place)", ""]],
  [
    "handed over: decided at once anew each time",
    ["liveGrants(asker, quick).length === liveGrants(asker, place).length", "false"],
  ],
  [
    "what is missing costs nothing",
    ["const all = await", "if (located === undefined) return undefined;\n  const all = await"],
  ],
  [
    "what is above: of what may not be seen",
    ["atOnce === undefined || (!atOnce.allowed && !atOnce.visible)", "atOnce === undefined"],
  ],
  ["what is above: of what is allowed alone", ["(!atOnce.allowed && !atOnce.visible)", "!atOnce.allowed"]],
  [
    "closed: of what is allowed alone",
    ["if (!verdict.allowed && !verdict.visible)", "if (!verdict.allowed)"],
  ],
  ["above: not the file", ["file_id === undefined ? folders : [...folders, file_id]", "folders"]],
];

const standing: typeof decide = [
  [
    "what is above: not looked at",
    ["const trail = proved ?? (await trailOf(deps, located, items));", "const trail = proved ?? [];"],
  ],
  [
    "workspace: deleted",
    [
      "if (workspace?.deleted_at === undefined || (evenDeleted && workspace.purged_ms === undefined))\n    return",
      "return",
    ],
  ],
  ["workspace: not met", [" ?? met?.get(key)", ""]],
  ["workspace: read though it was met", [".filter((key) => !met?.has(nameOfKey(key)))", ""]],
  [
    "organization: not met",
    ["if (met?.has(nameOfKey(key))) return organizationAs(met.get(nameOfKey(key)));", ""],
  ],
  [
    "organization: not read beside",
    [
      "[keys.workspace(workspaceId), ...matter.map((id) => keys.organization(id))]",
      "[keys.workspace(workspaceId)]",
    ],
  ],
  ["organization: closed", ["return now.closed_at === undefined ? now : undefined;", "return now;"]],
  ["kept: by any key", ["now !== undefined && actsByKept(holder, now) ? now : undefined", "now"]],
  ["organization: forgotten", [' || (pk.startsWith("ORG#") && sk === keys.organization("").sk)', ""]],
];

const organizationNow: typeof decide = [
  ["handed over: a role stays", ["(epochs[organization] ?? 0) >= heldSince(acting.id, now)", "true"]],
  ["kept: no role", ["Object.hasOwn(kept, id) ? (kept[id] ?? epoch) : epoch", "epoch"]],
  ["handed over: with its organization", ["epoch: epoch + organization.epoch - came", "epoch"]],
  [
    "handed over: as its organization was before",
    ["epoch: epoch + organization.epoch - came", "epoch: epoch + organization.epoch"],
  ],
  [
    "kept: from before the workspace came",
    ["Math.max(heldSince(id, organization), workspace.organization_epoch)", "heldSince(id, organization)"],
  ],
  ["keys: kept ones end", ["Object.hasOwn(kept, first);", "false;"]],
  ["keys: new ones end", ["mintedAt(one) < handed_ms)", "true)"]],
  ["keys: of all", ["if (!Object.hasOwn(kept, id)) return true;", ""]],
];

const trail: typeof decide = [
  ["hint: all there is", ["await readMore([at])", "return undefined"]],
  ["hint: not used", ["known.set(id, nodeIn(items, id));\n  const root", "nodeIn(items, id);\n  const root"]],
  ["hint: asked for again", ["!known.has(at)", "!known.get(at)"]],
  ["hint: of what walking finds, not used", ["unread.includes(at)", "false"]],
  ["hint: of what walking finds, believed", ["unread.includes(at)", "unread.length > 0"]],
  ["above: a deleted folder", [" || node.deleted_at !== undefined", ""]],
  ["above: another workspace", ["if (folder?.workspace_id !== workspace_id) return undefined;", ""]],
  ["above: a file", ['kind !== "folder" || ', ""]],
  ["above: three at most", ["depth > MAX_DEPTH", "depth > 3"]],
  ["above: without an end", ["depth > MAX_DEPTH", "depth > 100"]],
];

export const mutants = [
  ...decide.map(([name, ...changes]) => ({ name, file: "lambdas/core/access/decide.ts", changes })),
  ...authorize.map(([name, ...changes]) => ({ name, file: "lambdas/core/access/authorize.ts", changes })),
  ...standing.map(([name, ...changes]) => ({ name, file: "lambdas/core/access/standing.ts", changes })),
  ...organizationNow.map(([name, ...changes]) => ({
    ...{ name, file: "lambdas/core/access/organization-now.ts", changes },
  })),
  ...trail.map(([name, ...changes]) => ({ name, file: "lambdas/core/access/trail.ts", changes })),
];
