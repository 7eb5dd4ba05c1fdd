/** Message attributes and the digests that SDKs check. */
import { createHash } from "node:crypto";
import { z } from "zod";

export const messageAttributes = z.record(
  z.string(),
  z.object({ DataType: z.string(), StringValue: z.string().optional(), BinaryValue: z.string().optional() }),
);

/** Hex MD5 of text. */
export function md5(text: string | Buffer): string {
  return createHash("md5").update(text).digest("hex");
}

/** MD5 of attributes as the SQS developer guide lays it out: names in order, each field with its length before it. */
export function attributesMd5(attributes: z.infer<typeof messageAttributes>): string {
  const parts: Buffer[] = [];
  const add = (field: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(field.length);
    parts.push(length, field);
  };
  for (const name of Object.keys(attributes).sort()) {
    const { DataType = "String", StringValue, BinaryValue } = attributes[name] ?? {};
    add(Buffer.from(name));
    add(Buffer.from(DataType));
    const binary = DataType.startsWith("Binary");
    parts.push(Buffer.from([binary ? 2 : 1]));
    add(binary ? Buffer.from(BinaryValue ?? "", "base64") : Buffer.from(StringValue ?? ""));
  }
  return md5(Buffer.concat(parts));
}
