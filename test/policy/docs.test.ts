/** The table of rules in docs/policy.md is what the rules say. `WHARF_WRITE_POLICY=1` writes it anew. */
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { expect, test } from "vitest";
import { policy, type RuleId, ruleIds } from "#core/policy/contract.ts";
import { allRules, rules } from "#core/policy/rules.ts";

const PAGE = "docs/policy.md";
const HEAD = /(\| field \| .*\n\|---.*\n)((?:\| .*\n)*)/;

/** What a field's schema says of it: what it means, which value is the stricter, what exists already. */
function said(id: RuleId): string[] {
  const [section = "", field = ""] = id.split(".");
  const sections = policy.shape as unknown as Record<
    string,
    { unwrap(): { shape: Record<string, { meta(): { description?: string } }> } }
  >;
  const text = sections[section]?.unwrap().shape[field]?.meta().description ?? "";
  return /^(.*) Of two values the stricter is (.*?)\. What exists already: (.*)$/.exec(text)?.slice(1) ?? [];
}

const cell = (text: string) => text.replaceAll("|", "\\|").replace(/\.$/, "");
const rows = ruleIds.map((id) => {
  const [what = "", stricter = "", existing = ""] = said(id);
  const unset = `\`${JSON.stringify(rules[id].unset)}\``;
  return `| \`${id}\` | ${[what, unset, stricter, existing].map(cell).join(" | ")} |\n`;
});

test("each field of the schema has a rule", () => expect(allRules).toEqual(ruleIds));

test("the table of rules is what they say", () => {
  const text = readFileSync(PAGE, "utf8");
  if (process.env["WHARF_WRITE_POLICY"] === "1")
    writeFileSync(
      PAGE,
      text.replace(HEAD, (_, head: string) => head + rows.join("")),
    );
  expect(HEAD.exec(readFileSync(PAGE, "utf8"))?.[2]).toBe(rows.join(""));
});
