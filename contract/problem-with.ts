import * as z from "zod";
import { problem } from "./common.ts";
import { type ErrorCode, errorCodes } from "./errors.ts";

/** `file_locked` → `FileLockedProblem`. */
export const problemName = (code: ErrorCode) =>
  `${code.replaceAll(/(?:^|_)(\w)/g, (_, first: string) => first.toUpperCase())}Problem`;

/** Problem details of one code, by a name of their own, with the members that this code has. */
export function problemWith<S extends z.ZodRawShape>(code: ErrorCode, members: S) {
  return z
    .object({
      ...problem.shape,
      code: z.literal(code).meta({ description: "What programs go by." }),
      ...members,
    })
    .meta({ id: problemName(code), description: `${errorCodes[code][1]}.` });
}
