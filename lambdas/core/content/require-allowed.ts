import { enforce } from "#core/access/enforce.ts";
import type { Owned } from "#core/kernel/rights.ts";
import { contradictionOf } from "./judge-allowed.ts";
import type { SniffedRecord } from "./judge-content.ts";

/** What is known of a file, or of a version. */
interface Known {
  size: number;
  content_type: string;
  sniffed?: SniffedRecord | undefined;
}

/**
 * That the policy of a workspace takes a file that is there already, under a name: as if it was uploaded there.
 *
 * @throws WharfError policy_denied
 */
export function requireAllowed(
  { policy }: Pick<Owned, "policy">,
  { size, content_type: type, sniffed }: Known,
  name: string,
): void {
  if (policy === undefined) return;
  const contradicts = sniffed && contradictionOf(type, { kept: sniffed, type: undefined });
  enforce(policy, { action: "upload", name, size, type, contradicts });
}

/** That it takes another name of a file that is in it. @throws WharfError policy_denied */
export function requireNameAllowed({ policy }: Pick<Owned, "policy">, name: string): void {
  if (policy !== undefined) enforce(policy, { action: "upload", name });
}
