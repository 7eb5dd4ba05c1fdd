/**
 * What moto's CloudFormation leaves out, so that nothing can be compared there. All of it is in AWS's template reference;
 * a property that shows after all fails its check, and comes off the list.
 */

/** Types of which it makes nothing that can be read. */
export const unmade: readonly string[] = [
  "AWS::ApiGateway::Account",
  "AWS::ApiGateway::Deployment",
  "AWS::ApiGateway::GatewayResponse",
  "AWS::ApiGateway::Stage",
  "AWS::CloudWatch::Alarm",
  "AWS::CloudWatch::Dashboard",
  "AWS::S3::BucketPolicy",
  "AWS::SQS::QueuePolicy",
];

/** Properties that it takes and neither keeps nor shows, by type. */
export const unkept: Readonly<Record<string, readonly string[]>> = {
  "AWS::DynamoDB::Table": ["PointInTimeRecoverySpecification", "TimeToLiveSpecification"],
  "AWS::S3::Bucket": [
    "CorsConfiguration",
    "LifecycleConfiguration",
    "NotificationConfiguration",
    "OwnershipControls",
    "PublicAccessBlockConfiguration",
  ],
  // The code itself is read from the bucket that the template names, and the template must name one that is there.
  "AWS::Lambda::Function": ["Architectures", "Code", "LoggingConfig", "RecursiveLoop"],
  "AWS::Events::EventBus": ["Description"],
  "AWS::IAM::Role": ["ManagedPolicyArns"],
  "AWS::ApiGateway::RestApi": [
    "BinaryMediaTypes",
    "EndpointAccessMode",
    "EndpointConfiguration",
    "MinimumCompressionSize",
    "SecurityPolicy",
  ],
  "AWS::ApiGateway::Method": [
    "Integration.ContentHandling",
    "Integration.IntegrationResponses",
    "Integration.PassthroughBehavior",
    "Integration.RequestTemplates",
    "MethodResponses",
  ],
};
