/**
 * What formats begin with, and what names and media types promise: one table, with what is tolerated and why.
 *
 * Sources, unless said otherwise: file(1)'s magic files (github.com/file/file, magic/Magdir) and sindresorhus/file-type.
 * Every check is a look at fixed places or one pass over the first bytes.
 */
import { decodeHead } from "./decode-head.ts";

/** Within one, a wrong name is a slip; across two it hides what a file is. */
type Family = "document" | "picture" | "sound" | "film" | "font" | "archive" | "office" | "data" | "text";

interface Signature {
  families: readonly Family[];
  /** @param head the first bytes, each as one character (Latin-1). */
  is(head: string): boolean;
}

const of = (families: string, is: Signature["is"]): Signature => ({
  families: families.split(" ") as Family[],
  is,
});
/** Begins with one of these, at this offset. */
const begins =
  (marks: readonly string[], at = 0) =>
  (head: string) =>
    marks.some((mark) => head.startsWith(mark, at));

/** Brands of pictures in ISO's media file format (ISO/IEC 23008-12, AVIF); others are sound or film. */
const PICTURE_BRAND = /^(hei[cmsx]|hev[cmsx]|mif[12]|msf1|avi[fos])$/;
const brandOf = (head: string) => (head.startsWith("ftyp", 4) ? head.slice(8, 12) : undefined);
const riff = (kind: string) => (head: string) =>
  begins(["RIFF", "RIFX", "RF64", "BW64"])(head) && head.startsWith(kind, 8);

/** Sizes of the headers that may follow a bitmap's first. */
const BMP_HEADERS = [12, 16, 40, 52, 56, 64, 108, 124];
const codeAt = (head: string, at: number) => head.charCodeAt(at) || 0;

/** Whether bytes are those of a format, by the format's name; a file may match several. */
export const SIGNATURES: Readonly<Record<string, Signature>> = {
  // Acrobat asks for the header within the first 1,024 bytes, or for `%!PS-Adobe-N.n PDF-M.m` (PDF Reference 1.7,
  // implementation notes 13 and 14): mail gateways and scanners put lines before it.
  pdf: of("document", (head) => {
    const at = head.indexOf("%PDF-");
    return (at >= 0 && at < 1_024) || /^%!PS-Adobe-\d\.\d PDF-/.test(head);
  }),

  jpeg: of("picture", begins(["\xff\xd8\xff"])),
  png: of("picture", begins(["\x89PNG\r\n\x1a\n"])),
  gif: of("picture", begins(["GIF87a", "GIF89a"])),
  webp: of("picture", riff("WEBP")),
  heif: of("picture", (head) => {
    const brand = brandOf(head);
    return brand !== undefined && PICTURE_BRAND.test(brand);
  }),
  // "BM" alone begins text too: the header's size follows (BITMAPINFOHEADER and its kin).
  bmp: of(
    "picture",
    (head) =>
      head.startsWith("BM") && BMP_HEADERS.includes(codeAt(head, 14)) && head.startsWith("\0\0\0", 15),
  ),
  tiff: of("picture", begins(["II*\0", "MM\0*", "II+\0", "MM\0+"])),
  ico: of("picture", begins(["\0\0\x01\0", "\0\0\x02\0"])),
  psd: of("picture", begins(["8BPS"])),
  jxl: of("picture", begins(["\xff\x0a", "\0\0\0\x0cJXL \r\n\x87\n"])),
  jp2: of("picture", begins(["\0\0\0\x0cjP  \r\n\x87\n", "\xff\x4f\xff\x51"])),
  svg: of("picture text", (head) => looksLikeText(head) && asRead(head).includes("<svg")),

  // Tags of up to megabytes stand before the first frame of MP3, and before FLAC and AAC as well (id3.org).
  id3: of("sound", begins(["ID3"])),
  mpeg_audio: of("sound", (head) => isFrame(skipZeros(head))),
  wav: of("sound", riff("WAVE")),
  flac: of("sound", begins(["fLaC"])),
  ogg: of("sound film", begins(["OggS"])),
  aac: of("sound", begins(["ADIF", "\xff\xf0", "\xff\xf1", "\xff\xf8", "\xff\xf9"])),
  aiff: of("sound", (head) => head.startsWith("FORM") && begins(["AIFF", "AIFC"], 8)(head)),
  midi: of("sound", (head) => head.startsWith("MThd") || riff("RMID")(head)),
  amr: of("sound", begins(["#!AMR"])),

  // QuickTime before 2005 begins with any of its atoms, without `ftyp`.
  mp4: of("sound film", (head) => {
    const brand = brandOf(head);
    if (brand !== undefined) return !PICTURE_BRAND.test(brand);
    return begins(["moov", "mdat", "free", "skip", "wide", "pnot"], 4)(head);
  }),
  matroska: of("sound film", begins(["\x1a\x45\xdf\xa3"])),
  asf: of("sound film", begins(["\x30\x26\xb2\x75\x8e\x66\xcf\x11"])),
  avi: of("film", riff("AVI ")),
  flv: of("film", begins(["FLV\x01"])),
  // A packet each 188 bytes, or 192 with a time stamp before each.
  mpeg: of("film", (head) => begins(["\0\0\x01\xba", "\0\0\x01\xb3"])(head) || isPackets(head)),

  woff: of("font", begins(["wOFF", "wOF2"])),
  sfnt: of("font", begins(["\0\x01\0\0", "OTTO", "true", "ttcf", "typ1"])),
  eot: of("font", begins(["LP"], 34)),

  // A ZIP may stand behind anything (APPNOTE 4.1.9: self-extracting files), be empty, or begin as a part of several.
  zip: of(
    "archive office",
    (head) => head.includes("PK\x03\x04") || begins(["PK\x05\x06", "PK\x07\x08"])(head),
  ),
  gzip: of("archive", begins(["\x1f\x8b"])),
  "7z": of("archive", begins(["7z\xbc\xaf\x27\x1c"])),
  rar: of("archive", begins(["Rar!\x1a\x07", "RE~^"])),
  bzip2: of("archive", begins(["BZh"])),
  xz: of("archive", begins(["\xfd7zXZ\0"])),
  // RFC 8878, 3.1: a skippable frame may come first.
  zstd: of(
    "archive",
    (head) =>
      head.startsWith("\x28\xb5\x2f\xfd") ||
      (head.startsWith("\x2a\x4d\x18", 1) && codeAt(head, 0) >> 4 === 5),
  ),
  lz4: of("archive", begins(["\x04\x22\x4d\x18", "\x02\x21\x4c\x18"])),
  cab: of("archive", begins(["MSCF"])),
  tar: of("archive", (head) => head.startsWith("ustar", 257) || isTarHeader(head)),

  // MS-CFB: legacy Office, and what Office makes of a .docx under a password (MS-OFFCRYPTO, 1.3.1).
  ole: of("office", begins(["\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])),
  rtf: of("office text", (head) => asRead(head).startsWith("{\\rt")),
  // Excel 2 to 4 and Word 1 to 2 for Windows, before OLE.
  old_office: of(
    "office",
    begins(["\x09\0\x04\0", "\x09\x02\x06\0", "\x09\x04\x06\0", "\xdb\xa5", "\x9b\xa5", "\xfe\x37\0"]),
  ),

  parquet: of("data", begins(["PAR1", "PARE"])),
  // HTML, XML, and SVG where comments or a DOCTYPE fill the first bytes before its root; a mark may come first.
  markup: of("text", (head) => looksLikeText(head) && asRead(head).startsWith("<")),
  text: of("text", (head) => looksLikeText(head)),
};

/** A format that is nothing else: files without a byte pass as anything. */
export const EMPTY = "empty";

/** The formats whose signature these first bytes have, by name. */
export function formatsOf(prefix: Uint8Array): string[] {
  if (prefix.length === 0) return [EMPTY];
  const head = Buffer.from(prefix).toString("latin1");
  return Object.entries(SIGNATURES).flatMap(([format, { is }]) => (is(head) ? [format] : []));
}

/** What a name's extension or a media type promises. */
export interface Promised {
  family: Family;
  /** Any of these signatures keeps it; none where the format has no signature, as text. */
  signatures: readonly string[];
  /** Formats of other families that count as within this one. */
  also: readonly string[];
}

/**
 * Family; extensions; media types; signatures; what else counts as within.
 *
 * Left out, since other programs write something else under them: db, sqlite (SQLCipher has no header), raw, ts, mts,
 * dot, pot, pub, key, pages, dmg, iso (whose signatures stand elsewhere).
 */
const PROMISES: readonly (readonly [Family, string, string, string, string?])[] = [
  ["document", "pdf", "application/pdf application/x-pdf", "pdf"],
  ["picture", "jpg jpeg jpe jfif", "image/jpeg image/jpg image/pjpeg", "jpeg"],
  ["picture", "png apng", "image/png image/apng image/x-png", "png"],
  ["picture", "gif", "image/gif", "gif"],
  ["picture", "webp", "image/webp", "webp"],
  ["picture", "avif heic heif hif", "image/avif image/heic image/heif", "heif"],
  ["picture", "bmp dib", "image/bmp image/x-ms-bmp", "bmp"],
  ["picture", "tif tiff dng cr2 nef arw", "image/tiff", "tiff"],
  ["picture", "ico cur", "image/x-icon image/vnd.microsoft.icon", "ico"],
  ["picture", "psd psb", "image/vnd.adobe.photoshop", "psd"],
  ["picture", "jxl", "image/jxl", "jxl"],
  ["picture", "jp2 j2k jpx", "image/jp2", "jp2"],
  ["picture", "svg", "image/svg+xml", "svg markup"],
  ["sound", "mp3", "audio/mpeg audio/mp3", "mpeg_audio id3"],
  ["sound", "wav wave", "audio/wav audio/x-wav audio/wave audio/vnd.wave", "wav"],
  ["sound", "flac", "audio/flac audio/x-flac", "flac id3"],
  ["sound", "ogg oga opus spx", "audio/ogg audio/opus", "ogg"],
  ["sound", "m4a m4b", "audio/mp4 audio/x-m4a", "mp4"],
  ["sound", "aac", "audio/aac audio/aacp", "aac id3 mp4"],
  ["sound", "aif aiff aifc", "audio/aiff audio/x-aiff", "aiff"],
  ["sound", "mid midi", "audio/midi audio/x-midi", "midi"],
  ["sound", "amr", "audio/amr", "amr"],
  ["sound", "wma", "audio/x-ms-wma", "asf"],
  ["sound", "mka weba", "audio/webm audio/x-matroska", "matroska"],
  ["film", "mp4 m4v mov qt 3gp 3g2", "video/mp4 video/x-m4v video/quicktime video/3gpp", "mp4"],
  ["film", "mkv webm", "video/x-matroska video/webm", "matroska"],
  ["film", "avi", "video/x-msvideo video/avi", "avi"],
  ["film", "wmv asf", "video/x-ms-wmv video/x-ms-asf", "asf"],
  ["film", "flv", "video/x-flv", "flv"],
  ["film", "ogv", "video/ogg", "ogg"],
  ["film", "mpg mpeg vob m2ts", "video/mpeg video/mp2t", "mpeg"],
  ["font", "woff woff2", "font/woff font/woff2", "woff"],
  ["font", "ttf otf ttc", "font/ttf font/otf font/collection font/sfnt", "sfnt"],
  ["font", "eot", "application/vnd.ms-fontobject", "eot"],
  ["archive", "zip", "application/zip application/x-zip-compressed", "zip"],
  ["archive", "gz tgz svgz", "application/gzip application/x-gzip", "gzip"],
  ["archive", "7z", "application/x-7z-compressed", "7z"],
  ["archive", "rar", "application/vnd.rar application/x-rar-compressed", "rar"],
  ["archive", "bz2 tbz2", "application/x-bzip2", "bzip2"],
  ["archive", "xz txz", "application/x-xz", "xz"],
  ["archive", "zst", "application/zstd", "zstd"],
  ["archive", "lz4", "application/x-lz4", "lz4"],
  ["archive", "cab", "application/vnd.ms-cab-compressed", "cab"],
  ["archive", "tar", "application/x-tar", "tar"],
  ["office", "docx docm dotx xlsx xlsm xltx xlsb pptx pptm potx ppsx", "", "zip"],
  ["office", "odt ods odp odg epub", "application/epub+zip", "zip"],
  // Word saves pages, XML and plain text under .doc; reporting tools write HTML, XML and CSV under .xls, and Windows'
  // browsers call a CSV application/vnd.ms-excel.
  ["office", "doc", "application/msword", "ole old_office", "text"],
  ["office", "xls xlt", "application/vnd.ms-excel", "ole old_office", "text"],
  ["office", "ppt pps", "application/vnd.ms-powerpoint", "ole", "text"],
  ["office", "rtf", "application/rtf text/rtf", "rtf", "text"],
  ["data", "parquet", "application/vnd.apache.parquet", "parquet"],
  [
    "text",
    "txt text md log json jsonl ndjson yaml yml xml toml ini conf cfg ics vcf eml srt vtt csv tsv",
    "",
    "",
  ],
  ["text", "html htm xhtml css js mjs cjs jsx tsx sql", "", ""],
];

const BY_EXTENSION = new Map<string, Promised>();
const BY_TYPE = new Map<string, Promised>();
for (const [family, extensions, types, signatures, also = ""] of PROMISES) {
  const list = (text: string) => text.split(" ").filter(Boolean);
  const promised = { family, signatures: list(signatures), also: list(also) };
  for (const extension of list(extensions)) BY_EXTENSION.set(extension, promised);
  for (const type of list(types)) BY_TYPE.set(type, promised);
}
const TEXT: Promised = { family: "text", signatures: [], also: [] };
const OFFICE_ZIP = BY_EXTENSION.get("docx");

/** What an extension promises; `undefined` where it is nobody's. */
export function promisedByExtension(extension: string): Promised | undefined {
  return BY_EXTENSION.get(extension);
}

/** What a media type promises, without its parameters. */
export function promisedByType(type: string): Promised | undefined {
  const known = BY_TYPE.get(type);
  if (known !== undefined) return known;
  if (type.startsWith("text/") || /^application\/(json|xml|yaml|javascript)$/.test(type)) return TEXT;
  return /^application\/vnd\.(openxmlformats-officedocument|oasis\.opendocument)\./.test(type) &&
    !type.endsWith("-flat-xml")
    ? OFFICE_ZIP
    : undefined;
}

/** Text as it is read: in its encoding, without a byte order mark or leading white space. */
const asRead = (head: string) => decodeHead(head).trimStart();

/** Text has no control characters but white space, BEL, BS and ESC, or begins with a byte order mark, or is UTF-16. */
function looksLikeText(head: string): boolean {
  if (begins(["\xff\xfe", "\xfe\xff", "\xef\xbb\xbf", "\0\0\xfe\xff"])(head)) return true;
  if (!hasControls(head)) return true;
  // UTF-16 without a mark: every other byte of Latin text is 0.
  const start = head.slice(0, 64);
  const zeroAt = (odd: number) => [...start].every((char, at) => (char === "\0") === (at % 2 === odd));
  return start.length > 3 && (zeroAt(0) || zeroAt(1));
}

const ALLOWED_CONTROLS = new Set([7, 8, 9, 10, 11, 12, 13, 27]);

function hasControls(head: string): boolean {
  for (let at = 0; at < head.length; at++) {
    const code = head.charCodeAt(at);
    if (code < 32 && !ALLOWED_CONTROLS.has(code)) return true;
  }
  return false;
}

/** Encoders pad the beginning of an MP3 with zeros. */
function skipZeros(head: string): string {
  let at = 0;
  while (head[at] === "\0") at++;
  return head.slice(at, at + 4);
}

/** The header of an MPEG audio frame: 11 bits set, and no reserved version, layer, bit rate or sample rate (ISO 11172-3). */
function isFrame(head: string): boolean {
  const [a, b, c] = [codeAt(head, 0), codeAt(head, 1), codeAt(head, 2)];
  return (
    a === 0xff && b >= 0xe0 && (b & 0x18) !== 0x08 && (b & 0x06) !== 0 && c >> 4 !== 15 && (c & 0x0c) !== 0x0c
  );
}

function isPackets(head: string): boolean {
  const every = (start: number, step: number) => [0, 1, 2].every((n) => head[start + n * step] === "G");
  return every(0, 188) || every(4, 192);
}

/** A header of tar before POSIX, by its checksum (the sum of its bytes, its own field as spaces), or tar's end alone. */
function isTarHeader(head: string): boolean {
  if (head.length < 512) return false;
  let sum = 0;
  for (let at = 0; at < 512; at++) sum += at >= 148 && at < 156 ? 32 : head.charCodeAt(at);
  const said = Number.parseInt(head.slice(148, 156).replace(/[\0 ]/g, ""), 8);
  return said === sum || sum === 8 * 32;
}
