// Upload a small file in one request and print a link that expires. Node 20 or newer, nothing to install.
//
//   WHARF_URL=http://localhost:4400 WHARF_CLIENT_ID=cli_… WHARF_CLIENT_SECRET=whs_… node upload.mjs FILE [WORKSPACE]
//
// WORKSPACE is a name or an id; without it the file goes to the client's own.
import { openAsBlob } from "node:fs";
import { basename } from "node:path";

const { WHARF_URL = "http://localhost:4400", WHARF_CLIENT_ID, WHARF_CLIENT_SECRET } = process.env;
const [path, workspace] = process.argv.slice(2);
if (path === undefined) {
  console.error("usage: node upload.mjs FILE [WORKSPACE]");
  process.exit(2);
}
for (const [name, value] of Object.entries({ WHARF_CLIENT_ID, WHARF_CLIENT_SECRET })) {
  if (value) continue;
  console.error(
    `${name} is not set. For a local cloud, in Wharf's folder: eval "$(npm run --silent env)"; for a deployment npm run admin -- create-client prints it.`,
  );
  process.exit(2);
}

async function call(route, init) {
  const response = await fetch(WHARF_URL.replace(/\/+$/, "") + route, { method: "POST", ...init });
  const body = await response.json();
  if (!response.ok) throw new Error(`${response.status} ${body.detail ?? body.error_description}`);
  return body;
}

const { access_token } = await call("/v1/auth/token", {
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ client_id: WHARF_CLIENT_ID, client_secret: WHARF_CLIENT_SECRET }),
});

const form = new FormData();
form.set("file", await openAsBlob(path), basename(path));
if (workspace !== undefined) form.set("workspace", workspace);
const { share_url } = await call("/v1/files/upload", {
  headers: { Authorization: `Bearer ${access_token}` },
  body: form,
});
console.log(share_url);
