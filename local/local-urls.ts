import type { RestApi } from "./apigateway/model.ts";

const DEPLOYED = /https:\/\/(\w+)\.execute-api\.[\w-]+\.amazonaws\.com(\/\w+)?/g;

/** Replaces the address that an API would have in AWS, stage included, by the local one, in every value. */
export function localUrls(
  values: Record<string, string>,
  apis: readonly RestApi[],
  origin: string,
): Record<string, string> {
  const replace = (url: string, id: string) => (apis.some((api) => api.id === id) ? origin : url);
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value.replace(DEPLOYED, replace)]),
  );
}
