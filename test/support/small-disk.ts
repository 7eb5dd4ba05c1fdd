/** A file system of a few megabytes, for those who fill it: a tmpfs in a mount namespace of its own. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SmallDisk {
  /** Where processes that are started by `within` see it. */
  dir: string;
  /** What goes before a command that shall run there. */
  within: string[];
  /** Takes every byte that is left. */
  fill(): void;
  /** Gives them back. */
  free(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Whether this system lets its users make mount namespaces; needs no root. */
export const canMount = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "none", tmpdir()]).status === 0;

/** Makes one of `mib` MiB. */
export async function makeSmallDisk(mib: number): Promise<SmallDisk> {
  const dir = mkdtempSync(join(tmpdir(), "wharf-disk-"));
  const script = `mount -t tmpfs -o size=${mib}m none "$0" && echo ready && exec cat`;
  const holder = spawn("unshare", ["-rm", "sh", "-c", script, dir], { stdio: ["pipe", "pipe", "inherit"] });
  await once(holder.stdout, "data");
  const outside = `/proc/${holder.pid}/root${dir}`;
  mkdirSync(join(outside, "data"));
  return {
    dir: join(dir, "data"),
    within: ["nsenter", "-t", String(holder.pid), "-U", "-m", "--preserve-credentials", "--"],
    fill() {
      // Small ones too, so that not even a page is left.
      for (let size = 1_048_576, n = 0; size >= 512; ) {
        try {
          writeFileSync(join(outside, `filler-${n++}`), Buffer.alloc(size, 1));
        } catch {
          size /= 2;
        }
      }
    },
    free: () => void spawnSync("sh", ["-c", `rm -f ${outside}/filler-*`]),
    [Symbol.asyncDispose]: () => end(holder, dir),
  };
}

async function end(holder: ChildProcess, dir: string): Promise<void> {
  const ended = once(holder, "exit");
  holder.stdin?.end();
  await ended;
  rmSync(dir, { recursive: true, force: true });
}
