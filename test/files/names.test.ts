import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escapedName, nameProblem, seenName } from "#contract/names.ts";

/** A region's flag: U+1F3F4, its code in tags, and the tag that ends it (UTS #51, annex C). */
const flag = (region: string) =>
  `\u{1f3f4}${[...region].map((char) => String.fromCodePoint(0xe0000 + char.charCodeAt(0))).join("")}\u{e007f}`;

describe("a name", () => {
  test.each([
    ...[".gitignore", "a..b", "q3 final.pdf", "~$lock.docx", "100%.txt", "__proto__"],
    // Persian, Sinhala and Devanagari words that need a joiner or its opposite.
    ...["می‌خواهم.txt", "ශ්‍රී.txt", "क्‍ष.pdf", "סיכום (סופי).pdf"],
    // A non-joiner between letters that would join, marks between; behind viramas both; before one Bengali's ra needs one.
    ...["کتاب\u200cها.txt", "می\u064e\u200cخواهم", "ক্\u200cষ.txt", "র\u200d্যাব.txt", "ර\u200d්ය"],
    // Flags of England, Scotland and Wales are a black one and tags.
    ...["gbeng", "gbsct", "gbwls"].map((region) => `${flag(region)}.png`),
    ...["👩‍💻.png", "👨‍👩‍👧‍👦", "👩🏽‍🚀.jpg", "❤️‍🔥.gif", "1️⃣.txt", "☎️ list.txt", "葛󠄀.txt", "ᠠ᠋.txt", "🏳️‍🌈"],
    // Khitan clusters of one have a filler; nothing else does.
    "\u{18b00}\u{16fe4}\u{18b01}.txt",
    // What no Unicode has yet, and next year's may: a currency's sign, an emoji, an ideograph, and what may be none.
    ...["price in \u20cf.txt", "\u{1fadf}.png", "\u{323b0}.txt", "\u0378.txt"],
    // A full stop of Japanese, wherever it stands, and blanks as people pad with them.
    ...["報告書。", "終わり。.txt", "これ。それ。pdf", `a${" ".repeat(16)}b.txt`],
  ])("may be %s", (name) => {
    expect(nameProblem(name)).toBeUndefined();
    expect(escapedName(name)).toBe(name);
  });

  test.each([
    ["invoice.pdf\u200e", "U+200E"],
    ["invoice.pdf\u200f", "U+200F"],
    ["\u061cinvoice.pdf", "U+061C"],
    ["invoice.pdf\u200b", "U+200B"],
    ["invoice\u00ad.pdf", "U+00AD"],
    ["\ufeffinvoice.pdf", "U+FEFF"],
    ["invoice\u2028.pdf", "U+2028"],
    ["invoice\u2029.pdf", "U+2029"],
    ["invoice.pdf\u0000", "U+0000"],
    ["invoice.pdf\u0085", "U+0085"],
    ["photo\u202egpj.exe", "U+202E"],
    ["invoice.pdf\u200d", "U+200D"],
    ["invoice.\u200cpdf", "U+200C"],
    ["invo\u200cice.pdf", "U+200C"],
    ["invo\u200dice.pdf", "U+200D"],
    ["да\u200dта.pdf", "U+200D"],
    ["漢\u200c字.pdf", "U+200C"],
    ["सम\u200dय.pdf", "U+200D"],
    // Alef joins nothing that follows it, and a digit nothing at all.
    ["دا\u200cر.pdf", "U+200C"],
    ["می\u200c1.pdf", "U+200C"],
    ["می\u200dخواهم", "U+200D"],
    ["a्\u200d\u200db.pdf", "U+200D"],
    [`${flag("ustx")}.pdf`, "U+E0075"],
    [`${flag("gbeng").slice(0, -2)}.pdf`, "U+E0067"],
    [`x${flag("gbeng").slice(2)}.pdf`, "U+E0067"],
    ["invoice.pdf\ufe0f", "U+FE0F"],
    ["1\ufe0f.pdf", "U+FE0F"],
    ["invoice.pdf\u3164", "U+3164"],
    ["invoice.pdf\u034f", "U+034F"],
    ["invoice.pdf\u{e0041}", "U+E0041"],
    ["invoice.pdf\u3000", "U+3000"],
    ["invoice.pdf\u00a0", "U+00A0"],
    ["invoice.pdf\u2800", "U+2800"],
    ["invoice.pdf ", "U+0020"],
    [" invoice.pdf", "U+0020"],
    ["invoice.pdf.", "U+002E"],
    ["invoice.pdf\u{1d159}", "U+1D159"],
    ["invoice.pdf\ufffc", "U+FFFC"],
    ["invoice.pdf\uffff", "U+FFFF"],
    ["invoice.pdf\ufdd0", "U+FDD0"],
    ["invoice.pdf\u{1fffe}", "U+1FFFE"],
    ["invoice.pdf\ue000", "U+E000"],
    ["invoice.pdf\u{10fffd}", "U+10FFFD"],
    ["invoice\ufffd.pdf", "U+FFFD"],
    ["invoice\u{16fe4}.pdf", "U+16FE4"],
    ["\u{18b00}\u{16fe4}\u{16fe4}.pdf", "U+16FE4"],
    // Reserved for what will be shown as nothing.
    ["invoice\u2065.pdf", "U+2065"],
    ["invoice\ufff0.pdf", "U+FFF0"],
    ["invoice\u{e0080}.pdf", "U+E0080"],
    [`invoice.pdf${" ".repeat(17)}.exe`, "17 blanks"],
    [`invoice.pdf${" \u3000\u2800".repeat(10)}.exe`, "30 blanks"],
  ])("may not be %j, by %s", (name, point) => {
    expect(nameProblem(name)).toContain(point);
  });

  test("from before is shown with what nobody sees in it", () => {
    expect(escapedName("invoice.pdf\u200e \u3000")).toBe("invoice.pdf<U+200E><U+0020><U+3000>");
    expect(escapedName("a b\u202e.exe")).toBe("a b<U+202E>.exe");
    expect(escapedName(`invoice.pdf${" ".repeat(200)}.exe`)).toBe("invoice.pdf<200 blanks>.exe");
  });

  test.each([
    ["invoice.pdf\u200e. \u00a0", "invoice.pdf"],
    ["invoice.pd\u200cf", "invoice.pdf"],
    ["invoice．ｐｄｆ", "invoice.pdf"],
    // Dots to the eye: ideographic, and UTS #39's.
    ["invoice。pdf", "invoice.pdf"],
    ["invoice｡ｐｄｆ", "invoice.pdf"],
    ...[..."٠۰܁܂ꓸ꘎𐩐𝅭․﹒"].map((dot) => [`invoice${dot}pdf`, "invoice.pdf"]),
    ["a。b。txt", "a。b.txt"],
    ["報告書。", "報告書。"],
    ["t.pdf。", "t.pdf"],
    ["t.pdf｡. ", "t.pdf"],
    ["t。pdf。。", "t.pdf"],
    ["報告。最終版", "報告。最終版"],
    ["a b.txt", "a b.txt"],
    [". .", ""],
  ])("%j is taken for %j", (name, seen) => {
    expect(seenName(name)).toBe(seen);
  });

  test("that passes ends in what is seen, and looks the same without what isn't", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 20 }), (text) => {
        if (nameProblem(text) !== undefined) return;
        expect(seenName(text).length).toBeGreaterThan(0);
        expect(text.trimEnd()).toBe(text);
        expect(text).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]|\.$/u);
      }),
    );
  });
});
