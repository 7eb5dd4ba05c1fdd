import { expect, test } from "vitest";
import { emailAddress } from "#core/organizations/email-address.ts";

test.for([
  ["zoe@example.com", "zoe@example.com", "zoe@example.com"],
  [" Zoe.L@EXAMPLE.com\n", "Zoe.L@example.com", "zoe.l@example.com"],
  ["zoe+files@example.co.uk", "zoe+files@example.co.uk", "zoe+files@example.co.uk"],
  // Composed and decomposed are the same.
  ["Zoe\u0308@example.com", "Zoë@example.com", "zoë@example.com"],
  ["用户@例子.广告", "用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v"],
  ["a@BÜCHER.example", "a@bücher.example", "a@xn--bcher-kva.example"],
  // Only ASCII's case is folded: the rest is not for us to judge.
  ["ÅSA@example.com", "ÅSA@example.com", "Åsa@example.com"],
] as const)("%j is kept as %j, and %j is its person's alone", ([given, address, unique]) => {
  expect(emailAddress(given)).toEqual({ address, unique });
});

test.for([
  ...["", "zoe", "@example.com", "zoe@", "zoe@localhost", "zoe@example..com", "zoe@-", "zo e@example.com"],
  ...["zoe@exa mple.com", "zoe@[192.0.2.1]", '"zoe"@example.com', "a@b@example.com", ".zoe@example.com"],
  ...["zoe..l@example.com", "zoe.@example.com", "zoe\u200b@example.com", "zoe<x>@example.com"],
  ...[`${"a".repeat(65)}@example.com`, `a@${"b.".repeat(126)}com`, "zoe@example.com\u0000"],
])("%j is none", (given) => {
  expect(emailAddress(given)).toBeUndefined();
});
