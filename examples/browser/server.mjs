// Visitors of a page upload files. This server holds the secret; the page gets URLs of parts, and nothing else.
// Node 20 or newer, nothing to install.
//
//   WHARF_URL=http://localhost:4400 WHARF_CLIENT_ID=cli_… WHARF_CLIENT_SECRET=whs_… node server.mjs [PORT]
//
// The client needs the scope files:write alone: visitors can add files, and neither read nor replace any.
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const { WHARF_URL = "http://localhost:4400", WHARF_CLIENT_ID, WHARF_CLIENT_SECRET } = process.env;
if (WHARF_CLIENT_ID === undefined || WHARF_CLIENT_SECRET === undefined) {
  console.error(`usage: WHARF_URL=… WHARF_CLIENT_ID=… WHARF_CLIENT_SECRET=… node server.mjs [PORT]
For a local cloud, in Wharf's folder: eval "$(npm run --silent env)"; for a deployment npm run admin -- create-client prints a client.`);
  process.exit(2);
}
const MAX_BYTES = 100 * 1024 * 1024;
const MAX_OPEN = 1_000;

let token;
let tokenEnds = 0;
async function wharf(path, body) {
  if (Date.now() > tokenEnds) {
    const given = await send(
      "/v1/auth/token",
      {},
      { client_id: WHARF_CLIENT_ID, client_secret: WHARF_CLIENT_SECRET },
    );
    token = given.access_token;
    tokenEnds = Date.now() + (given.expires_in - 60) * 1000;
  }
  return send(path, { authorization: `Bearer ${token}` }, body);
}

async function send(path, headers, body) {
  const answer = await fetch(WHARF_URL.replace(/\/+$/, "") + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const told = await answer.json();
  if (answer.ok) return told;
  throw new Refusal(answer.status, told.detail ?? told.error_description);
}

class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// A visitor gets a ticket that can't be guessed instead of the upload's id: nobody can end another's upload.
const uploads = new Map();
const uploadOf = (ticket) => {
  const id = uploads.get(ticket);
  if (id === undefined) throw new Refusal(404, "There is no such upload any more; start it again.");
  return id;
};

const routes = {
  async start({ name, size }) {
    if (typeof name !== "string" || !Number.isInteger(size))
      throw new Refusal(400, "name and size are needed.");
    if (size > MAX_BYTES) throw new Refusal(413, `A file may have ${MAX_BYTES} bytes.`);
    const upload = await wharf("/v1/uploads", {
      filename: `visitors/${name.replaceAll("/", "_")}`,
      size,
      // All visitors come through one client, and every telephone has a photo.jpg: with the default, `version`, the
      // second visitor's would become the first one's newest version. So it gets a name of its own instead.
      if_exists: "rename",
    });
    const ticket = randomBytes(16).toString("base64url");
    uploads.set(ticket, upload.upload_id);
    if (uploads.size > MAX_OPEN) uploads.delete(uploads.keys().next().value);
    return { ticket, part_size: upload.part_size, part_count: upload.part_count, parts: upload.parts };
  },
  async parts({ ticket, first }) {
    const { parts } = await wharf(`/v1/uploads/${uploadOf(ticket)}/parts`, { first, count: 32 });
    return { parts };
  },
  async finish({ ticket }) {
    const file = await wharf(`/v1/uploads/${uploadOf(ticket)}/finalize`, { share: false });
    uploads.delete(ticket);
    return { name: file.name };
  },
};

async function readJson(request) {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
    if (text.length > 10_000) throw new Refusal(413, "That is too much.");
  }
  try {
    return Object(JSON.parse(text));
  } catch {
    throw new Refusal(400, "JSON is needed.");
  }
}

async function answer(request) {
  if (request.method === "GET" && request.url === "/") {
    return {
      status: 200,
      type: "text/html; charset=utf-8",
      text: await readFile(new URL("index.html", import.meta.url)),
    };
  }
  const name = /^\/(\w+)$/.exec(request.url)?.[1];
  if (request.method !== "POST" || name === undefined || !Object.hasOwn(routes, name))
    throw new Refusal(404, "There is nothing here.");
  return {
    status: 200,
    type: "application/json",
    text: JSON.stringify(await routes[name](await readJson(request))),
  };
}

const server = createServer(async (request, response) => {
  const { status, type, text } = await answer(request).catch((error) => ({
    status: error.status ?? 502,
    type: "application/json",
    text: JSON.stringify({ detail: error instanceof Refusal ? error.message : "Wharf can't be reached." }),
  }));
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(text);
});
server.listen(Number(process.argv[2] ?? 5000), "localhost", () => {
  console.log(`http://localhost:${server.address().port}`);
});
