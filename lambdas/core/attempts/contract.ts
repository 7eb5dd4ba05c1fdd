/** Attempts to deliver, and how they ended. */
import * as z from "zod";
import { at, orNull } from "#contract/common.ts";
import { errorClass } from "#core/outbound/contract.ts";

export const deliveryStatus = z
  .enum(["pending", "succeeded", "failed", "skipped_disabled", "cancelled"])
  .meta({ id: "DeliveryStatus" });

export type DeliveryStatus = z.infer<typeof deliveryStatus>;

/** What set an attempt off. */
export const trigger = z
  .enum(["event", "verify", "redeliver", "recover", "test", "enable"])
  .meta({ id: "Trigger" });

export type Trigger = z.infer<typeof trigger>;

export const attempt = z
  .object({
    number: z.int().meta({ description: "Counted from 1 over the delivery's whole life." }),
    trigger: trigger.meta({
      description: "What set it off: the event itself, or a later wish of the owner's.",
    }),
    url: z
      .string()
      .meta({ description: "Where it went; a changed endpoint's older attempts went elsewhere." }),
    body_sha256: z.string().meta({ description: "Of the body that was sent: 64 lower-case hex characters." }),
    started_at: at("When it began"),
    dns_ms: orNull(z.number(), "Milliseconds to resolve the name; `null` where a kept connection was used."),
    connect_ms: orNull(z.number(), "Milliseconds to connect; `null` where a kept connection was used."),
    tls_ms: orNull(z.number(), "Milliseconds of the TLS handshake; `null` where there was none."),
    first_byte_ms: orNull(z.number(), "Milliseconds until the answer began; `null` where none did."),
    total_ms: z.number().meta({ description: "Milliseconds from its start to its end." }),
    remote_ip: orNull(z.string(), "The address that it went to; `null` where none was reached."),
    status: orNull(z.int(), "HTTP status of the answer; `null` where none came."),
    answer: orNull(z.string(), "The first 4 KiB of the answer's body."),
    error_class: orNull(errorClass, "Why no answer came: the step that failed; `null` where one came."),
    error: orNull(z.string(), "The same in words, for people."),
    retry_after_seconds: orNull(z.number(), "The pause that the answer asked for by Retry-After."),
    signed_with: z
      .array(z.enum(["current", "previous"]).meta({ id: "SigningSecret" }))
      .meta({ description: "Secrets that signed it; both while one replaces the other." }),
  })
  .meta({ id: "Attempt" });

export type Attempt = z.infer<typeof attempt>;
