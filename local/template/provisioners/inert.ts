/** Resources that change nothing on a laptop: what they would watch, keep or show isn't there. */
import { ACCOUNT, REGION } from "../../types.ts";
import { type Provisioners, physicalName } from "../resource.ts";

export const inertResources: Provisioners = {
  "AWS::Logs::LogGroup": (resource) => {
    const name = physicalName(resource, 512);
    return { ref: name, attributes: { Arn: `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${name}:*` } };
  },
  "AWS::CloudWatch::Alarm": (resource) => {
    const name = physicalName(resource, 255);
    return { ref: name, attributes: { Arn: `arn:aws:cloudwatch:${REGION}:${ACCOUNT}:alarm:${name}` } };
  },
  "AWS::CloudWatch::Dashboard": (resource) => ({ ref: physicalName(resource, 255) }),
  "AWS::CDK::Metadata": ({ logicalId }) => ({ ref: logicalId }),
  // The account-wide role by which API Gateway writes logs.
  "AWS::ApiGateway::Account": ({ logicalId }) => ({ ref: logicalId }),
};
