/** The parts of `npm run test:truth`, in the order in which they run, those that run `beside` the others apart. */
import { dynamodb } from "./conformance/dynamodb.ts";
import { iam } from "./conformance/iam.ts";
import { s3, signedS3 } from "./conformance/s3.ts";
import { sqs } from "./conformance/sqs.ts";
import { eventRuler } from "./event-ruler/event-ruler.ts";
import { localstack } from "./localstack/localstack.ts";
import { moto } from "./moto/part.ts";
import type { Part } from "./part.ts";
import { rie } from "./rie/rie.ts";
import { cfnGuard } from "./static/cfn-guard.ts";
import { cfnLint } from "./static/cfn-lint.ts";
import { checkov } from "./static/checkov.ts";
import { velocity } from "./velocity/velocity.ts";

export const parts: readonly Part[] = [
  ...[cfnLint, cfnGuard, checkov],
  ...[velocity, eventRuler, rie],
  ...[dynamodb, s3, signedS3, sqs, iam],
  ...[moto, localstack],
];
