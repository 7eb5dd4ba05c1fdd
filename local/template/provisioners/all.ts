/** Every resource type that the local cloud knows. */
import type { RestApi } from "../../apigateway/model.ts";
import type { EventSources } from "../../lambda/event-sources.ts";
import type { LambdaService } from "../../lambda/service.ts";
import type { Services } from "../../services.ts";
import type { Provisioners } from "../resource.ts";
import { apiGatewayResources } from "./apigateway.ts";
import { dynamoDbResources } from "./dynamodb.ts";
import { eventsResources } from "./events.ts";
import { iamResources, type LambdaRole } from "./iam.ts";
import { inertResources } from "./inert.ts";
import { lambdaResources } from "./lambda.ts";
import { s3Resources } from "./s3.ts";
import { sqsResources } from "./sqs.ts";

/** What the template is made into. */
export interface Account extends Pick<Services, "s3" | "dynamodb" | "sqs" | "eventbridge" | "iam"> {
  lambda: LambdaService;
  eventSources: EventSources;
  /** Roles that Lambda may assume, by ARN. */
  roles: Map<string, LambdaRole>;
  /** Table names by the ARN of their stream. */
  streams: Map<string, string>;
  apis: RestApi[];
}

/** Provisioners that fill `account`. */
export function provisioners(account: Account): Provisioners {
  const { s3, dynamodb, sqs, eventbridge, iam, lambda, eventSources, roles, streams, apis } = account;
  return {
    ...inertResources,
    ...iamResources(iam, roles),
    ...s3Resources(s3, iam.putResourcePolicy),
    ...dynamoDbResources(dynamodb, (arn, table) => streams.set(arn, table)),
    ...sqsResources(sqs, iam.putResourcePolicy),
    ...eventsResources(eventbridge),
    ...lambdaResources(lambda, eventSources, roles),
    ...apiGatewayResources((api) => apis.push(api)),
  };
}
