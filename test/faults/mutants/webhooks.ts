/** Conditions of writes to endpoints, deliveries and their turns. */
import type { Mutant } from "./mutant.ts";

export const webhooks: readonly Mutant[] = [
  {
    name: "a turn is taken in the endpoint's epoch",
    changes: [
      { file: "lambdas/core/turns/claim-turn.ts", from: " AND ${sameEpoch(endpoint.epoch)}`", to: "`" },
      { file: "lambdas/core/turns/claim-turn.ts", from: ", epoch: endpoint.epoch, now }", to: ", now }" },
    ],
    case: "deliver: answered with 2xx | claim-turn: update HOOK.STATE (1) | frozen before it, meanwhile: its new URL answers",
    red: { file: "test/turns/claim-turn.test.ts", titles: ["the endpoint's epoch"] },
  },
  {
    name: "who reads another epoch asks no second time",
    changes: [
      {
        file: "lambdas/core/turns/claim-turn.ts",
        from: "      if (state.epoch !== endpoint.epoch) break;\n",
        to: "",
      },
    ],
    case: "deliver: answered with 2xx | claim-turn: update HOOK.STATE (1) | frozen before it, meanwhile: its URL changes",
    red: { file: "test/turns/claim-turn.test.ts", titles: ["the endpoint's epoch"] },
  },
  {
    name: "a slot is as it was read",
    changes: [
      { file: "lambdas/core/turns/claim-turn.ts", from: "      asRead(state, slot.name),\n", to: "" },
      { file: "lambdas/core/turns/claim-turn.ts", from: "stood: state[slot.name], ", to: "" },
    ],
    case: "deliver: of more than may be under way at once | nothing wrong",
    red: {
      file: "test/delivery/delivery-faults.test.ts",
      titles: ["takes no slot of an attempt that has ended"],
    },
  },
  {
    name: "a claim knows its own repeat",
    changes: [
      {
        file: "lambdas/core/turns/claim-turn.ts",
        from: "      if (slot !== undefined && state[slot.name] === slot.mark) return { go: true, slot, probe, state };\n",
        to: "",
      },
    ],
    case: "deliver: the breaker's probe, answered with 2xx | claim-turn: update HOOK.STATE (1) | twice",
    red: {
      file: "test/delivery/delivery-faults.test.ts",
      titles: ["takes a turn", "takes the breaker's probe"],
    },
  },
  {
    name: "what goes is counted, whoever had a turn kept",
    changes: [
      {
        file: "lambdas/core/turns/claim-turn.ts",
        from: '      if (isVerified(state)) spend("sent_ms", { most: FORGOTTEN_MS, left: KEPT_MS });\n',
        to: "",
      },
    ],
    case: "deliver: turns that nobody used through a stall | nothing wrong",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["a rate"] },
  },
  {
    name: "turns are kept once",
    changes: [
      {
        file: "lambdas/core/turns/reserve-turns.ts",
        from: '        "(attribute_not_exists(#turn_by) OR #turn_by <> :turn_by)",\n',
        to: "",
      },
    ],
    case: "fan-out: to an endpoint whose turns are given out | reserve-turns: update HOOK.STATE (1) | twice",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["keeps turns once"] },
  },
  {
    name: "who keeps turns knows its own repeat",
    changes: [
      {
        file: "lambdas/core/turns/reserve-turns.ts",
        from: '    if (error instanceof ConditionFailed && error.item?.["turn_by"] === mine) return error.item;\n',
        to: "",
      },
    ],
    case: "fan-out: to an endpoint whose turns are given out | reserve-turns: update HOOK.STATE (1) | twice",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["keeps turns once"] },
  },
  {
    name: "an attempt counts in its epoch",
    changes: [
      { file: "lambdas/core/turns/give-back-turn.ts", from: " AND ${sameEpoch(epoch)}", to: "" },
      {
        file: "lambdas/core/turns/give-back-turn.ts",
        from: "values: { ...values, mark, epoch },",
        to: "values: { ...values, mark },",
      },
    ],
    case: "deliver: the breaker's probe, answered with 500 | give-back-turn: update HOOK.STATE (1) | frozen before it, meanwhile: it is disabled and enabled",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["has no breaker that it opens"] },
  },
  {
    name: "an attempt counts while its turn is its own",
    changes: [
      {
        file: "lambdas/core/turns/give-back-turn.ts",
        from: "`#${name} = :mark AND ${sameEpoch(epoch)}${",
        to: "`attribute_exists(#webhook_id) AND ${sameEpoch(epoch)}${",
      },
      {
        file: "lambdas/core/turns/give-back-turn.ts",
        from: "values: { ...values, mark, epoch },",
        to: "values: { ...values, epoch },",
      },
    ],
    case: "deliver: answered with 410 | give-back-turn: update HOOK.STATE (1) | twice",
    red: {
      file: "test/delivery/delivery-faults.test.ts",
      titles: ["counts nothing a second time", "counts a failure once"],
    },
  },
  {
    name: "an end knows its own repeat",
    changes: [
      {
        file: "lambdas/core/turns/give-back-turn.ts",
        from: "return error.item?.[name] === freed ? hookState.parse(error.item) : undefined;",
        to: "return undefined;",
      },
    ],
    case: "deliver: answered with Retry-After | give-back-turn: update HOOK.STATE (1) | twice",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["counts a failure once"] },
  },
  {
    name: "a probe of an earlier epoch frees its slot",
    changes: [
      {
        file: "lambdas/core/turns/give-back-turn.ts",
        from: "if (!ended) await free",
        to: "if (!probe) await free",
      },
    ],
    case: "deliver: the breaker's probe, answered with 2xx | give-back-turn: update HOOK.STATE (1) | frozen before it, meanwhile: it is disabled and enabled",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["has no breaker that it opens"] },
  },
  {
    name: "a breaker opens on failures that no success came after",
    changes: [
      {
        file: "lambdas/core/turns/settle-turn.ts",
        from: "${noSuccessSince(state)} AND ${sameEpoch(epoch)}`,\n      values: { succeeded: state.last_success_ms, epoch },",
        to: "${sameEpoch(epoch)}`,\n      values: { epoch },",
      },
    ],
    case: "deliver: the failure that opens the breaker | settle-turn: update HOOK.STATE (1) | a copy late, at: a minute passes",
    red: {
      file: "test/delivery/delivery-faults.test.ts",
      titles: ["opens no breaker on failures before a success"],
    },
  },
  {
    name: "a breaker opens in the attempt's epoch",
    changes: [
      {
        file: "lambdas/core/turns/settle-turn.ts",
        from: "${noSuccessSince(state)} AND ${sameEpoch(epoch)}`,\n      values: { succeeded: state.last_success_ms, epoch },",
        to: "${noSuccessSince(state)}`,\n      values: { succeeded: state.last_success_ms },",
      },
    ],
    case: "deliver: the failure that opens the breaker | settle-turn: update HOOK.STATE (1) | frozen before it, meanwhile: it is disabled and enabled",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["before its breaker opens"] },
  },
  {
    name: "a failure from before a success is no new one",
    changes: [
      { file: "lambdas/core/turns/settle-turn.ts", from: "    given: noSuccessSince(state),\n", to: "" },
      {
        file: "lambdas/core/turns/settle-turn.ts",
        from: "    values: { succeeded: state.last_success_ms },\n",
        to: "",
      },
    ],
    case: "deliver: answered with 500, and well later | give-back-turn: update HOOK.STATE (1) | frozen before it, meanwhile: a minute passes",
    red: {
      file: "test/delivery/delivery-faults.test.ts",
      titles: ["fails by no attempt from before it succeeded", "nor does a probe of then"],
    },
  },
  {
    name: "a pause is of the attempt's epoch",
    changes: [
      {
        file: "lambdas/core/turns/settle-turn.ts",
        from: "#paused_until_ms < :paused_until_ms) AND ${sameEpoch(epoch)}`,\n      values: { epoch },",
        to: "#paused_until_ms < :paused_until_ms)`,",
      },
    ],
    case: "deliver: answered with Retry-After | settle-turn: update HOOK.STATE (1) | frozen before it, meanwhile: its URL changes",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["before it pauses"] },
  },
  {
    name: "who opens a breaker knows its own repeat",
    changes: [
      {
        file: "lambdas/core/turns/settle-turn.ts",
        from: "if (error instanceof ConditionFailed) return error.item;",
        to: "if (error instanceof ConditionFailed) return undefined;",
      },
    ],
    case: "deliver: the failure that opens the breaker | settle-turn: update HOOK.STATE (1) | twice",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["its probe is planned"] },
  },
  {
    name: "an older plan is no newer one's end",
    changes: [
      {
        file: "lambdas/core/turns/plan-wake-up.ts",
        from: '      condition: "attribute_not_exists(#judged) OR #judged < :judged",\n      values: { judged },\n',
        to: '      blind: "mutant",\n',
      },
    ],
    case: "deliver: the failure that opens the breaker | plan-wake-up: put HOOK.WAKE_UP (1) | a copy late, at: a minute passes",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["puts no plan to wake one delivery"] },
  },
  {
    name: "a test verifies the URL that it went to",
    changes: [
      {
        file: "lambdas/core/turns/reset-endpoint.ts",
        from: "attribute_not_exists(#last_success_ms) AND ${sameEpoch(epoch)}`",
        to: "attribute_not_exists(#last_success_ms)`",
      },
      {
        file: "lambdas/core/turns/reset-endpoint.ts",
        from: "      values: { epoch },\n      repeats",
        to: "      repeats",
      },
    ],
    case: "endpoint: tested before it has answered | reset-endpoint: update HOOK.STATE (1) | frozen before it, meanwhile: its URL changes",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["nor does it verify another"] },
  },
  {
    name: "who verifies knows its own repeat",
    changes: [
      {
        file: "lambdas/core/turns/reset-endpoint.ts",
        from: '      if (error instanceof ConditionFailed && error.item?.["verified_ms"] === now) return error.item;\n',
        to: "",
      },
    ],
    case: "endpoint: tested before it has answered | reset-endpoint: update HOOK.STATE (1) | twice",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["verifies a URL"] },
  },
  {
    name: "a test's slot is as it was read",
    changes: [
      { file: "lambdas/core/turns/in-trial.ts", from: "        asRead(state, TRIAL_SLOT),\n", to: "" },
      { file: "lambdas/core/turns/in-trial.ts", from: "stood: state[TRIAL_SLOT], ", to: "" },
    ],
    case: "endpoint: tested before it has answered | take-place: update PLACES (1) | frozen before it, meanwhile: its ping is under way",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["is no second request to a URL"] },
  },
  {
    name: "a test waits for what is under way",
    changes: [
      {
        file: "lambdas/core/turns/in-trial.ts",
        from: "  if (isTaken(state, TRIAL_SLOT, at)) return table.get(hookState, keys.hookState(webhookId));\n",
        to: "",
      },
    ],
    case: "endpoint: tested before it has answered | test-webhook: get HOOK.STATE (1) | frozen before it, meanwhile: its ping is under way",
    red: { file: "test/endpoints/verify-endpoint.test.ts", titles: [] },
  },
  {
    name: "a test enables the URL that it went to",
    changes: [
      {
        file: "lambdas/core/endpoints/enable-webhook.ts",
        from: '${tested === undefined ? "" : ` AND ${sameEpoch(hook.epoch, "tested")}`}',
        to: "",
      },
      {
        file: "lambdas/core/endpoints/enable-webhook.ts",
        from: "        values: { tested: tested && hook.epoch },\n",
        to: "",
      },
    ],
    case: "endpoint: enabled | enable-webhook: transact HOOKS+HOOK.STATE (1) | a copy late, at: 12 minutes later",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["a test of one URL enables no other"] },
  },
  {
    name: "who is overtaken by another's enabling says so",
    changes: [
      {
        file: "lambdas/core/endpoints/enable-webhook.ts",
        from: "if (found.disabled_at !== undefined)\n      throw",
        to: "throw",
      },
    ],
    case: "endpoint: enabled | enable-webhook: transact HOOKS+HOOK.STATE (1) | frozen before it, meanwhile: it is enabled",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["while another call enabled"] },
  },
  {
    name: "a judgement disables in its epoch",
    changes: [
      {
        file: "lambdas/core/endpoints/disable-endpoint.ts",
        from: '${byWish ? "" : ` AND ${sameEpoch(hook.epoch)}`}',
        to: "",
      },
      {
        file: "lambdas/core/endpoints/disable-endpoint.ts",
        from: "values: { epoch: byWish ? undefined : hook.epoch },",
        to: "",
      },
    ],
    case: "deliver: answered with 410 | disable-endpoint: transact HOOKS+EVT (1) | frozen before it, meanwhile: its URL changes",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["before it is disabled"] },
  },
  {
    name: "the sweep disables what still fails",
    changes: [
      {
        file: "lambdas/core/endpoints/sweep-endpoints.ts",
        from: 'return await disableEndpoint(deps, hook, "failing", requestId, { given });',
        to: 'return await disableEndpoint(deps, hook, "failing", requestId, { given: given.slice(1) });',
      },
    ],
    case: "sweep: an endpoint that has failed for five days | sweep-endpoints: get HOOKS (1) | frozen before it, meanwhile: it answers",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["succeeds before the sweep disables"] },
  },
  {
    name: "a promotion is of the secret that was read",
    changes: [
      {
        file: "lambdas/core/endpoints/rotate-webhook-secret.ts",
        from: 'condition: "#current = :current",\n      values: { current: secret.current },',
        to: 'condition: "attribute_exists(#pk)",',
      },
    ],
    case: "endpoint: its secret is promoted | rotate-webhook-secret: update HOOK.SECRET (1) | a copy late, at: it is rotated once more",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["promotes no secret"] },
  },
  {
    name: "two workers make no attempt at once",
    changes: [
      {
        file: "lambdas/core/delivery/take-lease.ts",
        from: "condition: `${STILL_DUE} AND (${UNLEASED} OR #lease = :lease)`,\n      values: { ...stillDue(delivery), now },",
        to: "condition: STILL_DUE,\n      values: stillDue(delivery),",
      },
    ],
    case: "deliver: answered with 2xx | take-lease: update DLV (1) | frozen before it, meanwhile: another worker gets its message too",
  },
  {
    name: "a deferral knows its own repeat",
    changes: [
      {
        file: "lambdas/core/delivery/defer-delivery.ts",
        from: 'values: { ...stillDue(delivery), now },\n    }),\n    (row) => row["status"] === "pending" && row["next_ms"] === next_ms,',
        to: "values: { ...stillDue(delivery), now },\n    }),",
      },
    ],
    case: "deliver: of many that come at once | defer-delivery: update DLV (2) | twice",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["puts a delivery off"] },
  },
  {
    name: "what is set aside knows its own repeat",
    changes: [
      {
        file: "lambdas/core/delivery/set-aside.ts",
        from: 'satisfies DeliveryStatus },\n    }),\n    (row) => row["status"] === "pending" && row["next_ms"] === next_ms,',
        to: "satisfies DeliveryStatus },\n    }),",
      },
    ],
    case: "deliver: in the lane of endpoints that answer, to one that is slow for once | set-aside: update DLV (1) | twice",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["sets an attempt aside"] },
  },
  {
    name: "who ends a delivery knows its own repeat",
    changes: [
      {
        file: "lambdas/core/delivery/finish-delivery.ts",
        from: '    (row) => row["status"] === status && row["finished_at"] === at,\n',
        to: "",
      },
    ],
    case: "deliver: to an endpoint that is enabled just now | finish-delivery: update DLV (1) | twice",
    red: {
      file: "test/delivery/delivery-faults.test.ts",
      titles: ["and so does one of which a worker read it"],
    },
  },
  {
    name: "a worker looks again at what it skips",
    changes: [
      {
        file: "lambdas/core/delivery/finish-delivery.ts",
        from: '  if (ended && status === "skipped_disabled") await reviveSkipped(deps, [delivery]);\n',
        to: "",
      },
    ],
    case: "deliver: to an endpoint that is enabled just now | nothing wrong",
    red: {
      file: "test/delivery/delivery-faults.test.ts",
      titles: ["and so does one of which a worker read it"],
    },
  },
  {
    name: "a 410 ends the delivery in its epoch",
    changes: [
      {
        file: "lambdas/core/delivery/deliver.ts",
        from: "  if (now?.disabled_at !== undefined && now.epoch === hook.epoch) return verdict;",
        to: "  return verdict;",
      },
    ],
    case: "deliver: answered with 410 | disable-endpoint: transact HOOKS+EVT (1) | frozen before it, meanwhile: its URL changes",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["isn't disabled by its 410"] },
  },
  {
    name: "a new run has no lease of the last",
    changes: [
      { file: "lambdas/core/delivery/restart-delivery.ts", from: ', "lease", "lease_until_ms"]', to: "]" },
    ],
    case: "deliver: the last attempt | record-attempt: transact DLV+ATT (1) | frozen before it, meanwhile: it is sent again after half a minute",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["whose lease has run out"] },
  },
  {
    name: "a recovery sends a run once",
    changes: [
      {
        file: "lambdas/core/delivery/sweep-recoveries.ts",
        from: ' AND #next_ms = :seen_ms",\n      values: { seen: row.status, seen_ms: row.next_ms },',
        to: '",\n      values: { seen: row.status },',
      },
    ],
    case: "sweep: a recovery | sweep-recoveries: update DLV (1) | a copy late, at: 12 minutes later",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["that a recovery has sent"] },
  },
  {
    name: "a recovery is as the table has it",
    changes: [
      {
        file: "lambdas/core/delivery/sweep-recoveries.ts",
        from: "let job = await deps.table.get(recoveryRecord, keys.recovery(webhook_id, job_id));",
        to: "let job: RecoveryRecord | undefined = recoveryRecord.parse(item);",
      },
    ],
    case: "sweep: a recovery that has ended | each-due: query due recovery (1) | old, as before its last change",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["a recovery that has ended"] },
  },
  {
    name: "a recovery knows its own page again",
    changes: [
      {
        file: "lambdas/core/delivery/sweep-recoveries.ts",
        from: "return isPage(error.item, changes)",
        to: "return isPage(undefined, changes)",
      },
    ],
    case: "sweep: a recovery of more than a page | sweep-recoveries: update HOOK.JOB (1) | twice",
  },
  {
    name: "fan-out looks again at what it skips",
    changes: [
      { file: "lambdas/core/delivery/fan-out.ts", from: "  await reviveSkipped(deps, skipped);\n", to: "" },
    ],
    case: "fan-out: to a disabled endpoint | fan-out: put DLV (1) | frozen before it, meanwhile: it is enabled and recovered",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["of which fan-out read"] },
  },
  {
    name: "what is skipped is sent where it still is",
    changes: [
      {
        file: "lambdas/core/delivery/revive-skipped.ts",
        from: '"#status = :skipped AND #next_ms = :seen_ms",\n      values: { skipped: "skipped_disabled" satisfies DeliveryStatus, seen_ms: row.next_ms },',
        to: '"#next_ms = :seen_ms",\n      values: { seen_ms: row.next_ms },',
      },
    ],
    case: "fan-out: to an endpoint whose owner sends it again at the very same moment | nothing wrong",
    red: {
      file: "test/delivery/delivery-faults.test.ts",
      titles: ["but no second time", "skipped once more", "of which fan-out"],
    },
  },
  {
    name: "what is skipped is sent once",
    changes: [
      {
        file: "lambdas/core/delivery/revive-skipped.ts",
        from: '"#status = :skipped AND #next_ms = :seen_ms",\n      values: { skipped: "skipped_disabled" satisfies DeliveryStatus, seen_ms: row.next_ms },',
        to: '"#status = :skipped",\n      values: { skipped: "skipped_disabled" satisfies DeliveryStatus },',
      },
    ],
    case: "deliver: to an endpoint that is enabled just now | revive-skipped: update DLV (1) | a copy late, at: it is to be sent again, and is skipped",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["when it is skipped once more"] },
  },
  {
    name: "who sends what was skipped knows its own repeat",
    changes: [
      {
        file: "lambdas/core/delivery/revive-skipped.ts",
        from: 'return found?.status === "pending" ? found : undefined;',
        to: "return undefined;",
      },
    ],
    case: "deliver: to an endpoint that is enabled just now | revive-skipped: update DLV (1) | twice",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["writes a delivery off"] },
  },
  {
    name: "only what stays disabled stays skipped",
    changes: [
      {
        file: "lambdas/core/delivery/revive-skipped.ts",
        from: "      .filter(({ disabled_at }) => disabled_at === undefined)\n",
        to: "",
      },
    ],
    case: "deliver: to a disabled endpoint | nothing wrong",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["stays disabled stays skipped"] },
  },
  {
    name: "fan-out's own row that was skipped is one",
    changes: [
      {
        file: "lambdas/core/delivery/fan-out.ts",
        from: "fresh = written.created_ms === now;",
        to: 'fresh = written.created_ms === now; if (written.status === "skipped_disabled") return {};',
      },
    ],
    case: "fan-out: to an endpoint that is enabled just now | fan-out: put DLV (1) | twice",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["writes a delivery off"] },
  },
  {
    name: "turns are kept for rows that aren't there",
    changes: [
      {
        file: "lambdas/core/delivery/fan-out.ts",
        from: '  for (const row of rows) byId.delete(String(row["delivery_id"]));\n',
        to: "",
      },
    ],
    case: "fan-out: to an endpoint whose turns are given out | nothing wrong",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["events that come again"] },
  },
  {
    name: "folders narrow what is about files",
    changes: [
      { file: "lambdas/core/endpoints/match-endpoints.ts", from: "!OF_ENDPOINTS.has(event.type) &&", to: "" },
    ],
    case: "sweep: an endpoint that has failed for a day | nothing wrong",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["hears of others that fail"] },
  },
  {
    name: "the sweep knows its own repeat",
    changes: [
      {
        file: "lambdas/core/delivery/sweep-deliveries.ts",
        from: 'return error.item?.["rearmed_by"] === mine;',
        to: "return false;",
      },
    ],
    case: "sweep: a delivery whose message got lost | sweep-deliveries: update DLV (1) | twice",
    red: { file: "test/delivery/delivery-faults.test.ts", titles: ["wakes a delivery whose message"] },
  },
  {
    name: "a row's count of a host's clients is of its URL",
    changes: [
      { file: "lambdas/core/delivery/deliver.ts", from: "delivery.epoch === hook.epoch && ", to: "" },
    ],
    case: "endpoint: its URL is changed | clock -3000 ms",
    red: { file: "test/turns/host-shares.test.ts", titles: ["though the clock of who changed it is slow"] },
  },
  {
    name: "the secret that is given again is the same rotation",
    changes: [
      {
        file: "lambdas/core/endpoints/rotate-webhook-secret.ts",
        from: "          before.current === secret\n            ? { set: { previous_until_ms: until } }\n            : ",
        to: "",
      },
    ],
    case: "endpoint: its secret is rotated to one of its owner's | nothing wrong",
    red: {
      file: "test/delivery/delivery-faults.test.ts",
      titles: ["gives an endpoint a secret of its owner's, who says so again and keeps the one before"],
    },
  },
  {
    name: "a change is of what was read",
    changes: [
      {
        file: "lambdas/core/endpoints/change-webhook.ts",
        from: 'condition: "#updated_at = :seen",',
        to: 'condition: "attribute_exists(#pk)",',
      },
      {
        file: "lambdas/core/endpoints/change-webhook.ts",
        from: "seen: hook.updated_at",
        to: "seen: undefined",
      },
    ],
    case: "endpoint: its rate is changed | change-webhook: transact HOOKS (1) | a copy late, at: 12 minutes later",
    red: {
      file: "test/delivery/delivery-faults.test.ts",
      titles: ["takes back no later change of the endpoint"],
    },
  },
  {
    name: "one that fails has few requests under way",
    changes: [
      {
        file: "lambdas/core/turns/endpoint-limits.ts",
        from: "(state.failures ?? 0) > 0 ? FAILING_IN_FLIGHT",
        to: "(state.failures ?? 0) > 99 ? FAILING_IN_FLIGHT",
      },
    ],
    case: "deliver: of more than may be under way at once, to one that fails | nothing wrong",
  },
  {
    name: "a host's rate is what its turn says in the write",
    changes: [
      {
        file: "lambdas/core/turns/host-shares.ts",
        from: ': "#turn_ms > :floor AND #turn_ms < :now",\n      values: { now: rested ? undefined : at, floor },',
        to: ': "#turn_ms > :floor",\n      values: { floor },',
      },
    ],
    case: "deliver: of many workers at once, to four endpoints of one host | nothing wrong",
  },
  {
    name: "who isn't alone at a host takes from its rate",
    changes: [
      {
        file: "lambdas/core/delivery/deliver.ts",
        from: "  if (clients === 0 && isVerified(state)) return undefined;",
        to: "  if (isVerified(state)) return undefined;",
      },
    ],
    case: "deliver: of many workers at once, to four endpoints of one host | nothing wrong",
  },
  {
    name: "a recovery allows for clocks",
    changes: [
      {
        file: "lambdas/core/delivery/recover.ts",
        from: "const CLOCKS_MS = 10_000;",
        to: "const CLOCKS_MS = 1;",
      },
    ],
    case: "recovery: started | clock -3000 ms",
    red: {
      file: "test/delivery/delivery-faults.test.ts",
      titles: ["a recovery takes what happened by a clock that is ahead"],
    },
  },
];
