// A page without a script, on which visitors upload: a form that posts the file to S3 itself.
// Node 20 or newer, nothing to install.
//
//   WHARF_URL=http://localhost:4400 WHARF_CLIENT_ID=cli_… WHARF_CLIENT_SECRET=whs_… node server.mjs [PORT]
//
// The client needs the scope files:write alone: visitors can add files, and neither read nor replace any.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";

const { WHARF_URL = "http://localhost:4400", WHARF_CLIENT_ID, WHARF_CLIENT_SECRET } = process.env;
if (!WHARF_CLIENT_ID || !WHARF_CLIENT_SECRET) {
  console.error(`usage: WHARF_URL=… WHARF_CLIENT_ID=… WHARF_CLIENT_SECRET=… node server.mjs [PORT]
For a local cloud, in Wharf's folder: eval "$(npm run --silent env)"; for a deployment npm run admin -- create-client prints a client.`);
  process.exit(2);
}

async function call(path, headers, body) {
  const answer = await fetch(WHARF_URL.replace(/\/+$/, "") + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.detail ?? told.error_description);
  return told;
}

/** A form for one visitor and one file: what is posted to it first becomes the file, within moments. */
async function newForm() {
  const secret = { client_id: WHARF_CLIENT_ID, client_secret: WHARF_CLIENT_SECRET };
  const { access_token } = await call("/v1/auth/token", {}, secret);
  return call(
    "/v1/uploads",
    { authorization: `Bearer ${access_token}` },
    {
      // The file is called as this says, whatever the visitor calls it.
      filename: `visitors/${randomUUID()}.pdf`,
      form: true,
      restrict: { max_bytes: 100 * 1024 * 1024, types: ["application/pdf"] },
    },
  );
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");

/** All fields come before the file: S3 reads nothing behind it. */
const page = ({ url, fields }) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Send us a PDF</title>
<form action="${escaped(url)}" method="post" enctype="multipart/form-data">
${Object.entries(fields)
  .map(([name, value]) => `  <input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`)
  .join("\n")}
  <label>A PDF of 100 MiB at most <input type="file" name="file" accept="application/pdf" required></label>
  <button>Send</button>
</form>
`;

const server = createServer(async (request, response) => {
  const headers = { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" };
  if (request.method !== "GET" || request.url !== "/") return void response.writeHead(404, headers).end();
  try {
    response.writeHead(200, headers).end(page(await newForm()));
  } catch (error) {
    console.error(error.message);
    response.writeHead(502, headers).end("<!doctype html><p>Try again in a minute.");
  }
});
server.listen(Number(process.argv[2] ?? 5000), "localhost", () => {
  console.log(`http://localhost:${server.address().port}`);
});
