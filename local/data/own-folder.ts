/** The folder that keeps the state is its owner's alone: it holds the account's keys, secrets and everybody's bytes. */
import { chmodSync, type Dirent, lstatSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const FOLDER = 0o700;
const FILE = 0o600;
/** Whatever a group or others may do. */
const WIDE = 0o077;
const OTHERS_WRITE = 0o002;

/**
 * Makes the folder, or takes one that is this user's own and closes it to others; answers what was changed, in words.
 *
 * @throws Error with owner and mode where somebody else's is, or where anybody could have put files into it
 */
export function ownFolder(dir: string): string[] {
  mkdirSync(dir, { recursive: true, mode: FOLDER });
  // Windows has neither owners nor modes that Node could tell of.
  const user = process.geteuid?.();
  if (user === undefined) return [];
  const { uid, mode } = statSync(dir);
  const found = `it belongs to the user ${uid} with mode ${octal(mode)}, and you are the user ${user}`;
  if (uid !== user) throw refusal(dir, `is somebody else's: ${found}`);
  if ((mode & OTHERS_WRITE) !== 0) throw refusal(dir, `can be written to by everybody: ${found}`);
  const entries = readdirSync(dir, { withFileTypes: true });
  for (const entry of entries) refuseForeign(dir, entry, user);
  if ((mode & WIDE) === 0) return [];
  chmodSync(dir, FOLDER);
  for (const entry of readdirSync(dir, { withFileTypes: true, recursive: true })) {
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? FOLDER : FILE);
  }
  return [`${dir} had mode ${octal(mode)}: it and what is in it are closed to other users now`];
}

/** A group may have been let in: what it put there is as good as planted. */
function refuseForeign(dir: string, entry: Dirent, user: number): void {
  const path = join(dir, entry.name);
  const { uid, mode } = lstatSync(path);
  if (entry.isSymbolicLink()) throw refusal(path, "is a symbolic link, which the cloud makes none of");
  if (uid !== user)
    throw refusal(path, `belongs to the user ${uid} with mode ${octal(mode)}, not to you (${user})`);
}

const octal = (mode: number) => (mode & 0o777).toString(8).padStart(4, "0");

function refusal(path: string, why: string): Error {
  return new Error(
    `${path} ${why}. What is in it may have been planted, keys too. Choose another directory with --data, or remove it if it is of no use to you.`,
  );
}
