/** A request to the API that has ended. */
export interface Answered {
  /** Epoch ms by the cloud's clock, when it came. */
  time: number;
  method: string;
  /** The request target as it was sent. */
  target: string;
  /** `undefined`: the client hung up before the answer. */
  status: number | undefined;
  /** Real milliseconds from the first byte of the request to the last of the answer. */
  ms: number;
  requestId: string;
}
