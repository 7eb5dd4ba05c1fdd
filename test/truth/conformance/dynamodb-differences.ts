import type { Check } from "../part.ts";

export const dynamodbDifferences: ReadonlyMap<string, NonNullable<Check["differs"]>> = new Map();
