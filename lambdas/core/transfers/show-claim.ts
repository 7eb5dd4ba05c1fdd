import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { findClaim } from "./find-claim.ts";
import { previewOf } from "./preview.ts";
import { transferView } from "./transfer-view.ts";

/** What a claim would bring, before it is made. @throws WharfError as `findClaim` */
export async function showClaim(deps: Pick<Deps, "table" | "now" | "config">, call: Call, token: string) {
  const claim = await findClaim(deps, call, token);
  const { transfer, maker, organization } = claim;
  const offer = { transfer_id: transfer.transfer_id, maker: maker.id };
  const offered = organization === undefined ? claim : { organization, offer };
  return {
    ...transferView(deps.now(), transfer, transfer),
    preview: await previewOf(deps, offered),
  };
}
