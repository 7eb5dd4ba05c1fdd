/** How requests to others end without an answer. */
import * as z from "zod";

/** Why an attempt got no answer. */
export const errorClass = z
  .enum(["dns", "connect", "tls", "reset", "timeout", "protocol", "egress_blocked"])
  .meta({ id: "ErrorClass" });

export type ErrorClass = z.infer<typeof errorClass>;
