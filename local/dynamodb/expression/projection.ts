/** Projection expressions. */
import { type Path, parsePath, refuseOverlap } from "./path.ts";
import { readExpression } from "./reader.ts";
import type { Scope } from "./scope.ts";

/** Reads a projection expression into its paths. */
export function parseProjection(text: string, scope: Scope): Path[] {
  const reader = readExpression("ProjectionExpression", text, scope);
  const paths = [parsePath(reader)];
  while (reader.take(",")) paths.push(parsePath(reader));
  reader.end();
  refuseOverlap(reader, paths);
  return paths;
}
