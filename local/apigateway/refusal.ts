import type { GatewayResponseType } from "./gateway-response.ts";

/** Thrown to answer by a gateway response. */
export class Refusal extends Error {
  readonly type: GatewayResponseType;
  readonly options: { status?: number; detail?: string };
  constructor(type: GatewayResponseType, options: { status?: number; detail?: string } = {}) {
    super(type);
    this.type = type;
    this.options = options;
  }
}
