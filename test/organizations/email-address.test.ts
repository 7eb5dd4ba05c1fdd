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
  ["a@xn--bcher-kva.example", "a@bücher.example", "a@xn--bcher-kva.example"],
  ["a@ＥＸＡＭＰＬＥ.com", "a@example.com", "a@example.com"],
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
  // What a URL's parser reads over is no way to bring a line break into a header, or to look like another.
  ...[
    "zoe@exa\nmple.com",
    "zoe@exa\tmple.com",
    "zoe@example.com\r\nBcc: a@example.com",
    "a\r\nb@example.com",
  ],
  ...[
    "zoe@ex%61mple.com",
    "zoe@exam\u00adple.com",
    "zoe@\u202eexample.com",
    "zoe@example.com?x",
    "zoe@x.de/y",
  ],
  ...["zoe@192.0.2.1", "zoe@0x7f.1", `zoe@${"x".repeat(10_000)}.com`, `${"x".repeat(10_000)}@example.com`],
])("%j is none", (given) => {
  expect(emailAddress(given)).toBeUndefined();
});
