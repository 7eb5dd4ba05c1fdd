import type { Call } from "#core/kernel/call.ts";
import type { Deps } from "#core/kernel/deps.ts";
import { findClaim } from "./find-claim.ts";
import { previewOf } from "./preview.ts";
import { transferView } from "./transfer-view.ts";

/** What a claim would bring, before it is made. @throws WharfError as `findClaim` */
export async function showClaim(deps: Pick<Deps, "table" | "now" | "config">, call: Call, token: string) {
  const { transfer, ...offered } = await findClaim(deps, call, token);
  return {
    ...transferView(deps.now(), transfer, transfer.epoch),
    preview: await previewOf(deps, offered),
  };
}
