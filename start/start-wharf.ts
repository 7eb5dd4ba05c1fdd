/** Wharf on the local cloud. */
import { type Cloud, type CloudOptions, startCloud } from "@wharf/local-cloud";
import { ensureAssembly } from "./assembly.ts";
import { hints } from "./hints.ts";

export interface WharfOptions extends Omit<CloudOptions, "assembly"> {
  /** Directory of a cloud assembly. @default this repo's app, synthesized where it changed */
  assembly?: string;
}

/** Starts it. @throws Error as `startCloud` and `ensureAssembly` do */
export async function startWharf({ assembly, extraEnv, ...options }: WharfOptions = {}): Promise<Cloud> {
  return startCloud({
    hints,
    ...options,
    assembly: assembly ?? (await ensureAssembly()),
    // No deployed stack has it: webhooks may go to receivers on this machine.
    extraEnv: { WHARF_ALLOW_LOOPBACK_HTTP: "1", ...extraEnv },
  });
}
