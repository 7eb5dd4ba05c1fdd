/** What a rule is, and the acts about which rules have something to say. */
import type { MemberRole } from "#contract/roles.ts";
import type { RuleId, RuleValue } from "./contract.ts";

/** What somebody is about to do, as far as rules ask about it. Sizes are bytes, lives seconds, times ms. */
export type Act =
  /** Bytes become a file, or a version of one; what isn't known yet is left out, and judged when it is. */
  | {
      action: "upload";
      name: string;
      size?: number | undefined;
      /** By what was declared, or by its name. */
      type?: string | undefined;
      /** By its first bytes. */
      sniffed?: string | undefined;
      /** What the bytes are, where they aren't what `type` says. */
      contradicts?: string | undefined;
      /** Whether whoever uploads has said a checksum. */
      has_checksum?: boolean | undefined;
      /** Up to how many bytes it has been approved. */
      approved_bytes?: number | undefined;
    }
  /** A link is made. `expire_in`: `null` for one without an end, left out where nothing was asked. */
  | {
      action: "create_share";
      expire_in?: number | null | undefined;
      has_password?: boolean | undefined;
      has_max_downloads?: boolean | undefined;
    }
  /** A link is opened, by whom: by a member of the organization or by anybody. */
  | { action: "open_share"; is_member: boolean }
  /** A call of the API with a token, from an address, or something in somebody's stead; `role`: none of who is no member. */
  | {
      action: "call";
      from?: { address: string | undefined } | undefined;
      role: MemberRole | undefined;
    }
  /** A key is made that lives so long. */
  | { action: "create_key"; ttl_seconds: number }
  /** Somebody gets a role. */
  | { action: "give_role"; role: MemberRole }
  /** An endpoint is registered, or gets another URL. */
  | { action: "register_webhook"; host: string }
  /** Something is deleted, or purged. */
  | { action: "delete" };

/** What a rule says of an act that isn't simply allowed. */
export interface Finding {
  kind: "deny" | "clamp" | "approval";
  rule: RuleId;
  /** What the rule is set to. */
  limit: unknown;
  /** What was asked for. */
  given: unknown;
  /** Of a clamp: what it becomes. */
  to?: unknown;
  /** What would pass, as the end of a sentence: `Choose 172800 seconds or less`. */
  passes: string;
}

/** A policy with a value for each field. */
export type Values = { readonly [Id in RuleId]: RuleValue<Id> };

/** One field of a policy: what holds unless it is set, which of two values is the stricter, and what it says. */
export interface Rule<Id extends RuleId> {
  unset: RuleValue<Id>;
  /**
   * The value of two that hold at once. Idempotent, commutative and associative, and what passes under it passes under
   * both.
   */
  meet(one: RuleValue<Id>, other: RuleValue<Id>): RuleValue<Id>;
  /** @param all the other fields, where one asks about another */
  judge?(value: RuleValue<Id>, act: Act, all: Values): Omit<Finding, "rule" | "limit"> | undefined;
}
