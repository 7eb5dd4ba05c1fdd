/** What names of files and folders may hold, and what people see of one. Unicode's own properties, no list of ours. */

import { joinerShows } from "./joiners.ts";

/** What stands where bytes that were no UTF-8 have been replaced on their way. */
export const REPLACEMENT = "\ufffd";

/**
 * Shown as nothing: controls (Cc), format characters (Cf), separators of lines and paragraphs (Zl, Zp), and the rest of
 * what UAX #44 calls default-ignorable: fillers, variation selectors. So are what no font has or may have: private use
 * (Co), noncharacters, U+FFFC, which stands for an object that isn't there, the musical null notehead, U+1D159, and the
 * filler of Khitan clusters, U+16FE4.
 */
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\ufffc\u{1d159}\u{16fe4}]/gu;
/** Shown as a gap, which nobody sees at an end: spaces (Zs), and Braille's blank, which is a symbol to Unicode. */
const GAP = /[\p{Zs}\u2800]/u;
/** More of them push the rest of a name out of sight; pages show one. Names with columns padded by a few pass. */
const MAX_GAP = 16;
const WIDE_GAP = /[\p{Zs}\u2800]{17,}/gu;

/**
 * Dots to the eye where an extension follows: the ideographic full stop, which domain names take for one too (UTS #46),
 * and UTS #39's confusables of U+002E, as they are after NFKC. They may stand in any name; what follows is judged.
 */
const DOT_BEFORE_EXTENSION =
  /[\u3002\u0660\u06f0\u0701\u0702\ua4f8\ua60e\u{10a50}\u{1d16d}](?=[a-z0-9]{1,12}$)/iu;

/** U+200C and U+200D: Persian and Indic words and families of emoji need them. */
const JOINER = /[\u200c\u200d]/u;

/** Flags of England, Scotland and Wales: all that have tags (UTS #51, RGI_Emoji_Tag_Sequence); others show a black one. */
const TAGGED_FLAG =
  /\u{1f3f4}\u{e0067}\u{e0062}(?:\u{e0065}\u{e006e}\u{e0067}|\u{e0073}\u{e0063}\u{e0074}|\u{e0077}\u{e006c}\u{e0073})\u{e007f}/gu;

/** Variation selectors choose the look of what stands before them; elsewhere they show nothing. */
const SELECTOR = /[\ufe00-\ufe0f\u{e0100}-\u{e01ef}\u180b-\u180d\u180f]/u;
const SELECTED = /[\p{Emoji}\p{S}\p{Script=Han}\p{Script=Mongolian}\p{Script=Phags_Pa}\p{Script=Myanmar}]/u;

/** U+16FE4 follows the first character of a cluster of Khitan small script, and lays it out (ISO/IEC JTC1/SC2/WG2 N4943R). */
const FILLER = "\u{16fe4}";
const FILLED = /[\u{18b00}-\u{18cff}]/u;

/** Why `name` can't name a file or folder, or `undefined` when it can. */
export function nameProblem(name: string): string | undefined {
  if (name === "") return "is empty";
  if (name === "." || name === "..") return `may not be ${JSON.stringify(name)}`;
  if (name.includes("/")) return "may not contain '/'";
  if (!name.isWellFormed()) return "may not contain unpaired surrogates";
  if (name.includes(REPLACEMENT))
    return "has U+FFFD, which stands where bytes were no UTF-8; send the name in UTF-8";
  const unseen = firstUnseen(name);
  if (unseen !== undefined)
    return `may not contain ${codePoint(unseen)}, which shows nothing, or not the same to all, or turns the text around it; leave it out`;
  const [first = "", last = ""] = [[...name][0], [...name].at(-1)];
  if (GAP.test(first)) return `may not begin with ${codePoint(first)}, a space; leave it out`;
  if (GAP.test(last) || last === ".")
    return `may not end with ${codePoint(last)}, ${last === "." ? "a dot" : "a space"}; leave it out`;
  const wide = name.match(WIDE_GAP)?.[0];
  if (wide !== undefined)
    return `may not have ${[...wide].length} blanks in a row, behind which its end is out of sight; at most ${MAX_GAP} are allowed`;
  const bytes = new TextEncoder().encode(name).length;
  if (bytes > 255) return `is ${bytes} bytes of UTF-8; at most 255 are allowed`;
  return undefined;
}

/** The first character that shows nothing where it stands. */
function firstUnseen(name: string): string | undefined {
  const untagged = name.replace(TAGGED_FLAG, "\u{1f3f4}");
  for (const { 0: char, index } of untagged.matchAll(UNSEEN)) {
    const rest = untagged.slice(index + char.length);
    const before = [...untagged.slice(Math.max(0, index - 2), index)].at(-1) ?? "";
    const after = [...rest.slice(0, 2)][0] ?? "";
    const joins = JOINER.test(char) && joinerShows(char, untagged.slice(0, index), rest);
    const selects = SELECTOR.test(char) && SELECTED.test(before) && !/[#*0-9]/.test(before);
    const fills = char === FILLER && FILLED.test(before);
    if (!joins && !selects && !fills && !keycap(before, char, after)) return char;
  }
  return undefined;
}

/** 1️⃣ is a digit, U+FE0F and U+20E3; a digit with U+FE0F alone looks like the digit. */
function keycap(before: string, char: string, after: string): boolean {
  return char === "\ufe0f" && /[#*0-9]/.test(before) && after === "\u20e3";
}

/** `U+200E` */
function codePoint(char: string): string {
  return `U+${char.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Behind it a full stop ends no sentence. */
const EXTENSION = /\.[a-z0-9]{1,12}$/iu;

/** What a reader takes a name for: without what shows nothing, wide forms, ligatures and dots as what they look like. */
export function seenName(name: string): string {
  const seen = [...name.replace(UNSEEN, "").normalize("NFKC")];
  const upTo = (isEnd: (char: string) => boolean) =>
    seen
      .slice(0, seen.findLastIndex((char) => !isEnd(char)) + 1)
      .join("")
      .replace(DOT_BEFORE_EXTENSION, ".");
  const isEnd = (char: string) => char === "." || GAP.test(char);
  const withoutStops = upTo((char) => char === "\u3002" || isEnd(char));
  return EXTENSION.test(withoutStops) ? withoutStops : upTo(isEnd);
}

/**
 * A name as people are shown it who must not be misled: what shows nothing as its code point, long gaps by their length.
 *
 * Only names from before it was refused have any.
 */
export function escapedName(name: string): string {
  const problem = nameProblem(name);
  if (problem === undefined) return name;
  const chars = [...name];
  const end = chars.findLastIndex((char) => char !== "." && !GAP.test(char));
  return chars
    .map((char, at) => {
      const hidden = char.match(UNSEEN) !== null || (at > end && GAP.test(char));
      return hidden ? `<${codePoint(char)}>` : char;
    })
    .join("")
    .replace(WIDE_GAP, (gap) => `<${[...gap].length} blanks>`);
}
