import { keys } from "#aws/keys.ts";
import type { Item } from "#aws/table.ts";
import { type Attempt, attempt, type DeliveryStatus } from "#core/attempts/contract.ts";
import { firstDeliveryId } from "#core/attempts/delivery-id.ts";
import { deliveryRecord } from "#core/attempts/records.ts";
import { findWebhook } from "#core/endpoints/find-webhook.ts";
import type { Call } from "#core/kernel/call.ts";
import { cursorAfter, readCursor } from "#core/kernel/cursor.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { notFound, WharfError } from "#core/kernel/error.ts";
import { deliveryView } from "./delivery-view.ts";

export interface DeliveryQuery {
  limit: number;
  cursor?: string | undefined;
  status?: DeliveryStatus | undefined;
  event_type?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

/** Pages read for one answer: a filter that few rows pass ends it early, with a cursor to go on. */
const MAX_PAGES = 10;
const MAX_ATTEMPTS = 100;
/** Sorts before and after every delivery's id. */
const FIRST = "dlv_";
const LAST = "dlv_~";

/**
 * An endpoint's deliveries, those of the newest events first.
 *
 * @throws WharfError not_found, invalid_cursor, invalid_request for a span that ends before it begins
 */
export async function listDeliveries(
  deps: Pick<Deps, "table">,
  { caller }: Call,
  webhookId: string,
  { limit, cursor, status, event_type, since, until }: DeliveryQuery,
) {
  await findWebhook(deps, caller, webhookId);
  // DynamoDB takes no BETWEEN whose ends are the wrong way round.
  if (since !== undefined && until !== undefined && Date.parse(since) > Date.parse(until)) {
    throw new WharfError("invalid_request", `since must not lie after until; it is ${since}.`, {
      in: "query",
      errors: [{ pointer: "/since", detail: `must be ${until} or earlier` }],
    });
  }
  const list = `deliveries ${webhookId} ${status} ${event_type} ${since} ${until}`;
  const from = since === undefined ? FIRST : firstDeliveryId(Date.parse(since));
  // `BETWEEN` takes its ends in; no delivery's id ends in sixteen zeros but by a chance of 1 in 2^80.
  const to = until === undefined ? LAST : firstDeliveryId(Date.parse(until));
  // DynamoDB compares bytes, which for all that lies between two ids is the order of code units too.
  let last = readCursor(list, cursor, (id) => id >= from && id <= to);
  const filters = [
    ...(status === undefined ? [] : ["#status = :status"]),
    ...(event_type === undefined ? [] : ["#event_type = :event_type"]),
  ];
  const values: Item = {
    pk: keys.delivery(webhookId, "").pk,
    from,
    to,
    status,
    event_type,
  };
  const rows: Item[] = [];
  let more = true;
  for (let page = 0; page < MAX_PAGES && more && rows.length <= limit; page++) {
    const { items, next } = await deps.table.query({
      where: "#pk = :pk AND #sk BETWEEN :from AND :to",
      values,
      ...(filters.length === 0 ? {} : { filter: filters.join(" AND ") }),
      descending: true,
      limit: limit + 1,
      after: last === undefined ? undefined : keys.delivery(webhookId, last),
    });
    rows.push(...items);
    more = next !== undefined;
    last = next === undefined ? undefined : String(next["sk"]);
  }
  const shown = rows.slice(0, limit).map((row) => deliveryRecord.parse(row));
  if (rows.length > limit) last = shown.at(-1)?.delivery_id;
  return {
    items: shown.map(deliveryView),
    next_cursor: last === undefined ? null : cursorAfter(list, last),
  };
}

/** A delivery with its attempts in order, the latest 100. @throws WharfError not_found */
export async function getDelivery(
  deps: Pick<Deps, "table">,
  { caller }: Call,
  webhookId: string,
  deliveryId: string,
) {
  await findWebhook(deps, caller, webhookId);
  const row = await deps.table.get(deliveryRecord, keys.delivery(webhookId, deliveryId));
  if (row === undefined) throw notFound("delivery", deliveryId);
  const { items } = await deps.table.query({
    where: "#pk = :pk",
    values: { pk: keys.attempt(deliveryId, 0).pk },
    descending: true,
    limit: MAX_ATTEMPTS,
  });
  const attempt_log: Attempt[] = items.map((item) => attempt.parse(item)).reverse();
  return { ...deliveryView(row), attempt_log };
}
