/** What readers of the examples run. */
import { spawnSync } from "node:child_process";
import { uploadByPython } from "#test/aws-account/checks/upload-example.ts";
import { bytesOf, MIB } from "#test/aws-account/send-part.ts";
import { sameBytes } from "../same-bytes.ts";
import { Skipped, type Story } from "../story.ts";

const example: Story = {
  name: "examples/python/upload.py, 37 MiB: the link that it prints leads to the same bytes",
  behaviours: ["s3.multipart", "s3.presigned"],
  async run(world) {
    if (spawnSync(world.python, ["-c", "import requests"]).status !== 0)
      throw new Skipped(`${world.python} has no requests (pip install requests)`);
    const bytes = bytesOf(37 * MIB);
    const link = await uploadByPython(world, bytes, world.python);
    await sameBytes(world.reach(link), bytes);
    return undefined;
  },
};

export const python: readonly Story[] = [example];
