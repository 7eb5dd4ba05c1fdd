/** A file's name as people see it: isolated from the text around it, and short enough for a small screen. */
import { escapedName } from "#contract/names.ts";
import { escapeHtml } from "./html.ts";

/** Graphemes that a heading shows: four lines at 360 px. */
const MOST = 60;
const TAIL = 16;
/** Longer "extensions" are part of a sentence. */
const MAX_EXTENSION = 12;

/** Letters that are read from right to left: Hebrew, Arabic and their kin. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** The name for a title, which has no markup: the part before the extension isolated where it is read from the right. */
export function titleName(name: string): string {
  const { stem, extension } = partsOf(escapedName(name));
  return RIGHT_TO_LEFT.test(stem) ? `\u2068${stem}\u2069${extension}` : `${stem}${extension}`;
}

/** The name as HTML. One that is too long loses its middle, and is shown whole on demand. */
export function nameHeading(name: string): string {
  const { stem, extension } = partsOf(escapedName(name));
  const graphemes = [...new Intl.Segmenter("en", { granularity: "grapheme" }).segment(stem)].map(
    ({ segment }) => segment,
  );
  if (graphemes.length + extension.length <= MOST) return `<h1>${isolated(stem, extension)}</h1>`;
  const head = graphemes.slice(0, MOST - TAIL - extension.length).join("");
  const short = `${head}…${graphemes.slice(-TAIL).join("")}`;
  return `<h1>${isolated(short, extension)}</h1>
<details><summary>Whole name</summary>${isolated(stem, extension)}</details>`;
}

/** Between right-to-left letters an extension would be shown in front: `pdf.2026`. */
function isolated(stem: string, extension: string): string {
  return RIGHT_TO_LEFT.test(stem)
    ? `<bdi>${escapeHtml(stem)}</bdi><bdi>${escapeHtml(extension)}</bdi>`
    : `<bdi>${escapeHtml(stem + extension)}</bdi>`;
}

function partsOf(name: string): { stem: string; extension: string } {
  const dot = name.lastIndexOf(".");
  if (dot < 1 || name.length - dot > MAX_EXTENSION) return { stem: name, extension: "" };
  return { stem: name.slice(0, dot), extension: name.slice(dot) };
}
