/** DynamoDB's errors, and how they look on the wire. */
import { AwsError } from "../types.ts";

/** A request that DynamoDB would not accept. */
export function validationError(message: string): AwsError {
  return new AwsError("ValidationException", message);
}

/** A request whose JSON has the wrong shape. */
export function serializationError(message: string): AwsError {
  return new AwsError("SerializationException", message);
}

/** A member that fails its constraint in the API model. */
export function constraintError(value: unknown, member: string, constraint: string): AwsError {
  const shown =
    value === undefined ? "null" : `'${typeof value === "string" ? value : JSON.stringify(value)}'`;
  return validationError(
    `1 validation error detected: Value ${shown} at '${member}' failed to satisfy constraint: ${constraint}`,
  );
}

const CORAL_SERVICE = "com.amazon.coral.service";
const NAMESPACES: Record<string, string> = {
  ValidationException: "com.amazon.coral.validate",
  SerializationException: CORAL_SERVICE,
  UnknownOperationException: CORAL_SERVICE,
  AccessDeniedException: CORAL_SERVICE,
};

/** The body of an error answer. */
export function errorBody(error: AwsError): Record<string, unknown> {
  const namespace = NAMESPACES[error.code] ?? "com.amazonaws.dynamodb.v20120810";
  // DynamoDB capitalizes the message of some errors; SDKs read both.
  const capital = namespace === CORAL_SERVICE || error.code === "TransactionCanceledException";
  return {
    __type: `${namespace}#${error.code}`,
    [capital ? "Message" : "message"]: error.message,
    ...error.details,
  };
}
