import type { AppContext } from "./context.ts";

/**
 * From where a request comes: the TCP peer of API Gateway (`requestContext.identity.sourceIp`). No header counts, as anybody
 * may write one; `undefined` where nothing says it.
 */
export const sourceAddress = ({ env }: Pick<AppContext, "env">): string | undefined => env?.sourceIp;
