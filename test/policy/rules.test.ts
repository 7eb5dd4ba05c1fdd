/** Rules of policies: which of two values is stricter is a lattice, and what each says of what is asked. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Policy, policy, type RuleId, ruleIds } from "#core/policy/contract.ts";
import { DEFAULTS, effective, valueIn } from "#core/policy/effective.ts";
import { judge } from "#core/policy/judge.ts";
import type { Act, Rule, Values } from "#core/policy/rule.ts";
import { rules } from "#core/policy/rules.ts";
import { cases } from "#test/support/property-seed.ts";

const some = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const many = (...values: readonly string[]) => fc.uniqueArray(some(...values), { maxLength: 4 });
const orNull = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null });
const types = ["image/*", "image/png", "image/jpeg", "text/*", "text/csv", "application/pdf"];
const networks = [
  "192.0.2.0/24",
  "192.0.2.0/25",
  "192.0.2.128/25",
  "192.0.2.7/32",
  "0.0.0.0/0",
  "2001:db8::/32",
];
const hosts = ["*.example.com", "*.hooks.example.com", "a.hooks.example.com", "example.com", "example.org"];

/** Values that each field may have. */
const values: { [Id in RuleId]: fc.Arbitrary<Values[Id]> } = {
  "links.allow": some("anyone", "organization", "nobody"),
  "links.max_ttl_seconds": orNull(fc.integer({ min: 60, max: 1_000 })),
  "links.default_ttl_seconds": fc.integer({ min: 60, max: 1_000 }),
  "links.ttl_mode": some("clamp", "refuse"),
  "links.require_password": fc.boolean(),
  "links.max_downloads_required": fc.boolean(),
  "links.on_upload": some("always", "asked"),
  "uploads.max_bytes": orNull(fc.integer({ min: 0, max: 20 })),
  "uploads.allowed_types": orNull(many(...types)),
  "uploads.denied_types": many(...types),
  "uploads.denied_extensions": many("exe", "js", "html"),
  "uploads.require_checksum": fc.boolean(),
  "access.allowed_cidrs": orNull(fc.uniqueArray(some(...networks), { minLength: 1, maxLength: 4 })),
  "access.key_max_ttl_days": orNull(fc.integer({ min: 1, max: 10 })),
  "access.guests": fc.boolean(),
  "webhooks.allowed_hosts": orNull(many(...hosts)),
  "retention.trash_days": orNull(fc.integer({ min: 1, max: 10 })),
  "retention.versions_keep": orNull(fc.integer({ min: 0, max: 10 })),
  "retention.legal_hold": fc.boolean(),
};

const ttl = fc.option(fc.oneof(fc.constant(null), fc.integer({ min: 60, max: 1_000 })), { nil: undefined });
const perhaps = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });
const acts: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    action: fc.constant("upload" as const),
    name: some("a.txt", "b.EXE", "c.tar.js", "d"),
    size: perhaps(fc.integer({ min: 0, max: 30 })),
    type: perhaps(some("image/png", "text/csv", "application/pdf", "application/octet-stream")),
    sniffed: perhaps(some("image/png", "application/x-msdownload")),
    contradicts: perhaps(fc.constant("png")),
    has_checksum: perhaps(fc.boolean()),
  }),
  fc.record({
    action: fc.constant("create_share" as const),
    expire_in: ttl,
    has_password: fc.boolean(),
    has_max_downloads: fc.boolean(),
  }),
  fc.record({ action: fc.constant("open_share" as const), is_member: fc.boolean() }),
  fc.record({
    action: fc.constant("call" as const),
    from: perhaps(
      fc.record({ address: perhaps(some("192.0.2.7", "192.0.2.200", "2001:db8::1", "198.51.100.1")) }),
    ),
    role: perhaps(some("owner", "admin", "member", "guest" as const)),
  }),
  fc.record({
    action: fc.constant("create_key" as const),
    ttl_seconds: fc.integer({ min: 1, max: 1_000_000 }),
  }),
  fc.record({ action: fc.constant("give_role" as const), role: some("member", "guest" as const) }),
  fc.record({
    action: fc.constant("register_webhook" as const),
    host: some("example.com", "a.hooks.example.com", "x.example.com", "evil.test"),
  }),
  fc.constant({ action: "delete" as const }),
) as fc.Arbitrary<Act>;

/** A rule without the types of its own values. */
type AnyRule = { meet(one: unknown, other: unknown): unknown; judge?: Rule<RuleId>["judge"]; unset: unknown };
const ruleOf = (id: RuleId) => rules[id] as unknown as AnyRule;
const runs = { numRuns: cases(100, { bySeed: 2_000 }) };

/** What a single rule alone says: nothing, that it is shortened, or that it may not be. */
function saysOf(id: RuleId, value: unknown, act: Act): "allow" | "clamp" | "deny" {
  const { outcome } = judge({ ...DEFAULTS, "links.ttl_mode": "clamp", [id]: value } as Values, act);
  return outcome === "needs_approval" ? "deny" : outcome;
}
const STRICT = ["allow", "clamp", "deny"];

describe.each(ruleIds)("%s", (id) => {
  const { meet } = ruleOf(id);
  const value = values[id] as fc.Arbitrary<unknown>;
  const same = (one: unknown, other: unknown) => expect(one).toEqual(other);

  test("the stricter of two is a lattice's: idempotent, commutative, associative", () => {
    fc.assert(
      fc.property(value, value, value, (a, b, c) => {
        const once = meet(a, a);
        same(meet(once, once), once);
        same(meet(once, a), once);
        same(meet(a, b), meet(b, a));
        same(meet(meet(a, b), c), meet(a, meet(b, c)));
      }),
      runs,
    );
  });

  test("what either refuses the stricter of both refuses, and nothing that both let pass", () => {
    fc.assert(
      fc.property(value, value, acts, (a, b, act) => {
        if (id === "links.ttl_mode") return;
        const [one, other, both] = [a, b, meet(a, b)].map((each) => STRICT.indexOf(saysOf(id, each, act)));
        expect(both).toBe(Math.max(one ?? 0, other ?? 0));
      }),
      runs,
    );
  });

  test("what it holds where nobody has set it is a value of its own", () => {
    const [section = "", field = ""] = id.split(".");
    const { unset } = ruleOf(id);
    expect(policy.safeParse({ [section]: { [field]: unset } }).success).toBe(true);
    expect(DEFAULTS[id]).toEqual(unset);
  });
});

describe("a workspace's policy", () => {
  const policies = fc
    .record(Object.fromEntries(ruleIds.map((id) => [id, values[id] as fc.Arbitrary<unknown>])), {
      requiredKeys: [],
    })
    .map((flat) => {
      const nested: Record<string, Record<string, unknown>> = {};
      for (const [id, value] of Object.entries(flat)) {
        const [section = "", field = ""] = id.split(".");
        const into = nested[section] ?? {};
        into[field] = value;
        nested[section] = into;
      }
      return nested as Policy;
    });

  test("is never laxer than its organization's, and says where each value comes from", () => {
    fc.assert(
      fc.property(policies, policies, acts, (above, own, act) => {
        const [whole, alone] = [effective(above, own), effective(above)];
        const rank = { allow: 0, clamp: 1, needs_approval: 2, deny: 3 };
        expect(rank[judge(whole.values, act).outcome]).toBeGreaterThanOrEqual(
          rank[judge(alone.values, act).outcome],
        );
        for (const id of ruleIds) {
          const { meet, unset } = ruleOf(id);
          const base = valueIn(above, id) ?? (valueIn(above, id) === null ? null : unset);
          const set = valueIn(own, id);
          const expected = set === undefined ? base : meet(base, set);
          expect(meet(whole.values[id], whole.values[id])).toEqual(meet(expected, expected));
          if (whole.from[id] === "workspace") expect(set).toBeDefined();
          if (whole.from[id] === "default") expect(valueIn(above, id)).toBeUndefined();
        }
      }),
      runs,
    );
  });
});

const by = (flat: Partial<Values>): Values => ({ ...DEFAULTS, ...flat });
const week = 604_800;

describe("each rule", () => {
  test.each<[string, Partial<Values>, Act, string]>([
    ["a week unless set", {}, { action: "create_share", expire_in: week }, "allow"],
    ["no more than that", {}, { action: "create_share", expire_in: week + 1 }, "deny"],
    ["no link without an end", {}, { action: "create_share", expire_in: null }, "deny"],
    [
      "but where it says so",
      { "links.max_ttl_seconds": null },
      { action: "create_share", expire_in: null },
      "allow",
    ],
    [
      "shortened where it says so",
      { "links.max_ttl_seconds": 172_800, "links.ttl_mode": "clamp" },
      { action: "create_share", expire_in: week },
      "clamp",
    ],
    ["nothing asked, nothing refused", { "links.max_ttl_seconds": 60 }, { action: "create_share" }, "allow"],
    ["no password", { "links.require_password": true }, { action: "create_share" }, "deny"],
    [
      "a password",
      { "links.require_password": true },
      { action: "create_share", has_password: true },
      "allow",
    ],
    ["no number", { "links.max_downloads_required": true }, { action: "create_share" }, "deny"],
    ["nobody makes links", { "links.allow": "nobody" }, { action: "create_share" }, "deny"],
    ["members make them", { "links.allow": "organization" }, { action: "create_share" }, "allow"],
    [
      "opened by anybody",
      { "links.allow": "organization" },
      { action: "open_share", is_member: false },
      "deny",
    ],
    [
      "opened by a member",
      { "links.allow": "organization" },
      { action: "open_share", is_member: true },
      "allow",
    ],
    ["opened by nobody", { "links.allow": "nobody" }, { action: "open_share", is_member: true }, "deny"],
    ["as large as may be", { "uploads.max_bytes": 5 }, { action: "upload", name: "a", size: 5 }, "allow"],
    ["larger", { "uploads.max_bytes": 5 }, { action: "upload", name: "a", size: 6 }, "deny"],
    ["empty", { "uploads.max_bytes": 0 }, { action: "upload", name: "a", size: 0 }, "allow"],
    ["of unknown size", { "uploads.max_bytes": 5 }, { action: "upload", name: "a" }, "allow"],
    [
      "a kind",
      { "uploads.allowed_types": ["image/*"] },
      { action: "upload", name: "a", type: "image/png" },
      "allow",
    ],
    [
      "parameters",
      { "uploads.allowed_types": ["text/csv"] },
      { action: "upload", name: "a", type: "Text/CSV; charset=utf-8" },
      "allow",
    ],
    [
      "another",
      { "uploads.allowed_types": ["image/*"] },
      { action: "upload", name: "a", type: "text/csv" },
      "deny",
    ],
    [
      "none is allowed",
      { "uploads.allowed_types": [] },
      { action: "upload", name: "a", type: "text/csv" },
      "deny",
    ],
    [
      "a disguise",
      { "uploads.allowed_types": ["image/*"] },
      { action: "upload", name: "a", type: "image/png", contradicts: "zip" },
      "deny",
    ],
    [
      "denied by its name",
      { "uploads.denied_types": ["text/*"] },
      { action: "upload", name: "a", type: "text/csv" },
      "deny",
    ],
    [
      "denied by its bytes",
      { "uploads.denied_types": ["application/zip"] },
      { action: "upload", name: "a", type: "text/csv", sniffed: "application/zip" },
      "deny",
    ],
    ["an extension", { "uploads.denied_extensions": ["exe"] }, { action: "upload", name: "a.EXE" }, "deny"],
    [
      "one before another",
      { "uploads.denied_extensions": ["php"] },
      { action: "upload", name: "a.php.jpg" },
      "deny",
    ],
    [
      "a name that is one",
      { "uploads.denied_extensions": ["exe"] },
      { action: "upload", name: "exe" },
      "allow",
    ],
    [
      "no checksum",
      { "uploads.require_checksum": true },
      { action: "upload", name: "a", has_checksum: false },
      "deny",
    ],
    ["not known yet", { "uploads.require_checksum": true }, { action: "upload", name: "a" }, "allow"],
    [
      "from inside",
      { "access.allowed_cidrs": ["192.0.2.0/24"] },
      { action: "call", from: { address: "192.0.2.9" }, role: "member" },
      "allow",
    ],
    [
      "from outside",
      { "access.allowed_cidrs": ["192.0.2.0/24"] },
      { action: "call", from: { address: "198.51.100.9" }, role: "owner" },
      "deny",
    ],
    [
      "IPv4 as IPv6 writes it",
      { "access.allowed_cidrs": ["192.0.2.0/24"] },
      { action: "call", from: { address: "::ffff:192.0.2.9" }, role: "member" },
      "allow",
    ],
    [
      "of another family",
      { "access.allowed_cidrs": ["::/0"] },
      { action: "call", from: { address: "192.0.2.9" }, role: "member" },
      "deny",
    ],
    [
      "from nowhere",
      { "access.allowed_cidrs": ["0.0.0.0/0"] },
      { action: "call", from: { address: undefined }, role: "member" },
      "deny",
    ],
    [
      "in the background",
      { "access.allowed_cidrs": ["192.0.2.0/24"] },
      { action: "call", role: "member" },
      "allow",
    ],
    ["a guest", { "access.guests": false }, { action: "call", role: "guest" }, "deny"],
    ["no member", { "access.guests": false }, { action: "call", role: undefined }, "deny"],
    ["a member", { "access.guests": false }, { action: "call", role: "member" }, "allow"],
    ["to be a guest", { "access.guests": false }, { action: "give_role", role: "guest" }, "deny"],
    [
      "a key of so many days",
      { "access.key_max_ttl_days": 1 },
      { action: "create_key", ttl_seconds: 86_400 },
      "allow",
    ],
    ["a longer one", { "access.key_max_ttl_days": 1 }, { action: "create_key", ttl_seconds: 86_401 }, "deny"],
    [
      "below a host",
      { "webhooks.allowed_hosts": ["*.example.com"] },
      { action: "register_webhook", host: "a.b.example.com" },
      "allow",
    ],
    [
      "the host itself",
      { "webhooks.allowed_hosts": ["*.example.com"] },
      { action: "register_webhook", host: "example.com" },
      "deny",
    ],
    [
      "one like it",
      { "webhooks.allowed_hosts": ["*.example.com"] },
      { action: "register_webhook", host: "evilexample.com" },
      "deny",
    ],
    ["held", { "retention.legal_hold": true }, { action: "delete" }, "deny"],
  ])("%s", (_, set, act, outcome) => {
    expect(judge(by(set), act).outcome).toBe(outcome);
  });
});
