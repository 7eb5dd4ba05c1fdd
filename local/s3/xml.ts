/** The XML that S3 speaks. */
import { XMLParser } from "fast-xml-parser";
import type { z } from "zod";
import { escapeXml, XML_DECLARATION } from "../wire.ts";
import { notHere, s3Error } from "./errors.ts";

type XmlValue = string | number | boolean | undefined | XmlObject | readonly XmlValue[];
export interface XmlObject {
  readonly [element: string]: XmlValue;
}

function element(name: string, value: XmlValue): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.map((item) => element(name, item)).join("");
  if (typeof value !== "object") return `<${name}>${escapeXml(String(value))}</${name}>`;
  return `<${name}>${elements(value)}</${name}>`;
}

function elements(value: object): string {
  return Object.entries(value)
    .map(([name, child]: [string, XmlValue]) => element(name, child))
    .join("");
}

const NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

/** A document; arrays repeat their element, `undefined` leaves it out. */
export function writeXml(root: string, body: XmlObject): string {
  return `${XML_DECLARATION}<${root} ${NAMESPACE}>${elements(body)}</${root}>`;
}

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true, // numeric references, which keys with control characters need
  isArray: (name) => name === "Part" || name === "Object" || name === "Tag",
});

/** The elements without the white space that lays them out. */
function withoutLayout(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutLayout);
  if (typeof value !== "object" || value === null) return value;
  const elements = Object.entries(value).filter(
    ([name, child]) => !(name === "#text" && typeof child === "string" && child.trim() === ""),
  );
  return Object.fromEntries(elements.map(([name, child]) => [name, withoutLayout(child)]));
}

/**
 * Reads a request's document against its schema, which has to be strict: what S3 knows and this one doesn't is
 * `foreign` and refused by name, as is what nobody knows.
 * @throws AwsError `MalformedXML`, `NotImplemented`
 */
export function readXml<T>(body: Buffer, schema: z.ZodType<T>, foreign?: RegExp): T {
  let document: unknown;
  try {
    document = parser.parse(body.toString("utf8"), true);
  } catch (cause) {
    throw Object.assign(s3Error("MalformedXML"), { cause });
  }
  const parsed = schema.safeParse(withoutLayout(document));
  if (parsed.success) return parsed.data;
  const unknown = parsed.error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys" ? issue.keys.filter((name) => name !== "#text") : [],
  );
  const known = unknown.find((name) => foreign?.test(name));
  if (known !== undefined) throw notHere("Element", known);
  throw s3Error("MalformedXML", { Element: unknown[0] });
}
