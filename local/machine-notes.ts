import { connectionLimit } from "./open-files.ts";

/** Below this a crowd of clients is refused that the machine itself could serve. */
const FEW_FILES = 1_024;

/** What this machine lacks, for the user's eyes. */
export function machineNotes(addresses: readonly string[], openFiles: number): string[] {
  return [
    ...(addresses.includes("::1") ? [] : ["the ports listen on 127.0.0.1 alone: this machine has no ::1"]),
    ...(openFiles >= FEW_FILES
      ? []
      : [
          `this process may open ${openFiles} files, so each port takes ${connectionLimit(openFiles)} connections at once; ulimit -n 4096 before the start allows more`,
        ]),
  ];
}
