import { resolve } from "node:path";

/** How to go on with the files of a client whose secret is lost, as the greeting says it after `why` there is another. */
export function newClientNote(
  why: string,
  { dataDir, endpoint }: { dataDir: string | undefined; endpoint: string | undefined },
): string {
  const admin = `npm run admin -- --local${dataDir === resolve(".wharf") ? "" : ` --data ${dataDir}`}`;
  // What an emulator was emptied of, nobody here can know.
  const former =
    endpoint === undefined
      ? "and those from before stay valid"
      : `and those from before stay valid, unless ${endpoint} was emptied or started anew, which ends them and their files`;
  return `${why}: this client is new, with a workspace of its own, ${former}. For their files, "${admin} list-clients" names them, and "${admin} rotate-secret --client cli_…" gives one a secret`;
}
