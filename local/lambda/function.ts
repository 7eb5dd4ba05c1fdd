/** A function as the template describes it. */
export interface FunctionConfig {
  /** Id in the template. */
  logicalId: string;
  name: string;
  arn: string;
  /** `file.export`, e.g. `index.handler`. */
  handler: string;
  /** Directory of the built bundle. */
  codeDir: string;
  timeoutSeconds: number;
  memoryMb: number;
  /** Execution role. */
  roleArn: string;
  env: Record<string, string>;
  /** Environments at most; one more request is then throttled. */
  reservedConcurrency: number | undefined;
  /** Where its lines would go in AWS. */
  logGroup: string;
  /** Queue that gets events of asynchronous invocations that failed every attempt. */
  deadLetterArn: string | undefined;
}

/** What `AWS::Lambda::EventInvokeConfig` sets for asynchronous invocations. */
export interface AsyncConfig {
  /** Attempts after the first: 0 to 2. */
  retries: number;
  maxAgeSeconds: number;
  onFailureArn: string | undefined;
}
