/**
 * `Content-Disposition` that saves a download as `filename` in every browser and renders nothing.
 *
 * RFC 6266: a plain ASCII `filename` for old agents, and `filename*` (RFC 8187) that says it exactly. Whatever the
 * name holds, neither leaves its place: the first has no quotes, backslashes or controls, the second is
 * percent-encoded.
 */
export function attachment(filename: string): string {
  const name = filename.toWellFormed();
  // `%` too: some agents decode it in the plain form.
  const ascii = name.replaceAll(/[^\x20-\x7e]|["\\%]/gu, "_");
  return `attachment; filename="${ascii}"; filename*=UTF-8''${extended(name)}`;
}

/** RFC 8187's attr-char is narrower than what `encodeURIComponent` leaves. */
function extended(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * Types that a download may carry: what browsers show as data, or save. All others travel as plain bytes, since what
 * a browser makes of a type is its own: XML it renders with style sheets (MIME Sniffing Standard, 4.6: any `+xml`), mail
 * and `multipart` as pages, `text/cache-manifest` as an order how to serve a site.
 */
const HARMLESS: readonly { types: RegExp; unless?: RegExp }[] = [
  // Of pictures SVG alone runs, which `xml` and `svg` tell in all its names.
  { types: /^(?:image|audio|video|font)\/[\w.+-]+$/, unless: /xml|svg/ },
  {
    types: /^text\/(?:plain|csv|tab-separated-values|markdown|calendar|vcard|x-vcard|rtf|yaml|x-yaml|x-log)$/,
  },
  { types: /^application\/(?:[\w.-]+\+)?(?:json|zip|gzip|cbor|yaml)$/ },
  {
    types:
      /^application\/(?:octet-stream|pdf|rtf|msword|x-tar|x-7z-compressed|x-gzip|x-zip-compressed|x-bzip2|x-xz|zstd)$/,
  },
  { types: /^application\/(?:x-ndjson|jsonl|toml|sql|x-parquet|x-sqlite3|vnd\.sqlite3|x-hdf5|netcdf)$/ },
  // Vendors' formats, office documents among them; in XML they have the suffix.
  { types: /^application\/vnd\.[\w.+-]+$/, unless: /\+xml/ },
];

/**
 * The type under which a download is served: the stored one where it is harmless, else plain bytes.
 *
 * Browsers go by the type without its parameters (MIME Sniffing Standard, 4.1: its essence); of those `charset` alone
 * says how to read what is on the list, and the others are left out.
 */
export function downloadType(stored: string): string {
  const [type = "", ...parameters] = stored.split(";").map((part) => part.trim());
  const named = type.toLowerCase();
  const isHarmless = HARMLESS.some(({ types, unless }) => types.test(named) && unless?.test(named) !== true);
  if (!isHarmless) return "application/octet-stream";
  return [type, ...parameters.filter((one) => /^charset=[\w.+-]+$/i.test(one)).slice(0, 1)].join("; ");
}
