/** `node start.ts cdk.out`: the app of a cloud assembly, on this machine. */
import { startCloud } from "@wharf/local-cloud";

const cloud = await startCloud({ assembly: process.argv[2] ?? "cdk.out", dataDir: ".local-cloud" });
console.log(cloud.outputs, cloud.awsUrl, cloud.rootCredentials);
process.once("SIGINT", cloud.stop);
