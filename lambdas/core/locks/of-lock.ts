import * as z from "zod";
import { locateNode, madeBy, nodeIn } from "#core/access/place.ts";
import { ofFile, type Resource } from "#core/access/resource.ts";

const holder = z.object({ client_id: z.string() }).optional().catch(undefined);

/** The lock of a file `{id}`: for callers that see nothing else, whoever made the file or holds the lock has it. */
export const ofLock: Resource<{ id: string }> = {
  ...ofFile,
  locate: ({ id }, { caller, ahead }) => {
    const item = nodeIn(ahead, id);
    const located = locateNode(caller.id, item);
    if (located?.made === undefined) return located;
    const thing = madeBy(caller.id, holder.parse(item?.["lock"])?.client_id);
    return { ...located, made: { ...located.made, by: "either", thing } };
  },
};
