// The client's types: `node generate.mjs openapi.json schema.d.ts`. A form's file is `format: binary`, which
// openapi-typescript calls a string unless it is told otherwise (openapi-ts.dev/node, "transform").
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

const [document, types] = process.argv.slice(2);
const BLOB = ts.factory.createTypeReferenceNode("Blob");
const ast = await openapiTS(pathToFileURL(document), {
  // What has a default may be left out of a request.
  defaultNonNullable: false,
  transform: ({ format }) => (format === "binary" ? BLOB : undefined),
});
writeFileSync(types, astToString(ast));
