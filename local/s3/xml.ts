/** The XML that S3 speaks. */
import { XMLParser } from "fast-xml-parser";
import type { z } from "zod";
import { escapeXml, XML_DECLARATION } from "../wire.ts";
import { s3Error } from "./errors.ts";

export type XmlValue = string | number | boolean | undefined | XmlObject | readonly XmlValue[];
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
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true, // numeric references, which keys with control characters need
  isArray: (name) => name === "Part" || name === "Object" || name === "Tag",
});

/**
 * Reads a request's document against its schema.
 * @throws AwsError `MalformedXML`
 */
export function readXml<T>(body: Buffer, schema: z.ZodType<T>): T {
  let document: unknown;
  try {
    document = parser.parse(body.toString("utf8"), true);
  } catch (cause) {
    throw Object.assign(s3Error("MalformedXML"), { cause });
  }
  const parsed = schema.safeParse(document);
  if (!parsed.success) throw s3Error("MalformedXML");
  return parsed.data;
}
