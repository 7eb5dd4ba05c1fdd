/** `node start.ts cdk.out [folder]`: a cloud assembly on this machine; what it keeps is kept in the folder, or nowhere. */
import { startCloud } from "@wharf/local-cloud";

const [assembly = "cdk.out", dataDir] = process.argv.slice(2);
const cloud = await startCloud({ assembly, dataDir });
console.log(cloud.outputs, cloud.awsUrl, cloud.rootCredentials);
process.once("SIGINT", cloud.stop);
