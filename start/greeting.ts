import type { StoredClient } from "./stored-client.ts";

/** What `npm start` prints once the cloud answers: where it is, who may call, and three lines to paste in order. */
export function greeting({
  apiUrl,
  awsUrl,
  dataDir,
  isExternal,
  notes,
  client: { client_id, client_secret },
}: {
  apiUrl: string;
  awsUrl: string;
  dataDir: string | undefined;
  /** The AWS services are an emulator's. */
  isExternal: boolean;
  /** What the start found and the user should know. */
  notes: readonly string[];
  client: StoredClient;
}): string {
  const pick = (field: string) => `sed -E 's/.*"${field}":"([^"]+)".*/\\1/'`;
  return `
Wharf is ready at ${apiUrl}

  client id       ${client_id}
  client secret   ${client_secret}
  AWS services    ${awsUrl}
${where(dataDir, isExternal)}${notes.map((note) => `\n  note            ${note}`).join("")}

Paste these into another shell, in order: a token, an upload, the download by its link.

TOKEN=$(curl -sS ${apiUrl}/v1/auth/token -u ${client_id}:${client_secret} -d grant_type=client_credentials | ${pick("access_token")})
LINK=$(echo 'Hello from Wharf' | curl -sSw '\\n' ${apiUrl}/v1/files/upload -H "Authorization: Bearer $TOKEN" -F 'file=@-;filename=hello.txt' | tee /dev/stderr | ${pick("share_url")})
curl -sSL "$LINK"

API: ${apiUrl}/docs   Stop: Ctrl-C
`;
}

function where(dataDir: string | undefined, isExternal: boolean): string {
  const here = dataDir ?? "in memory, gone at the end";
  if (!isExternal) return `  state and logs  ${here}`;
  return `  state           the emulator's
  logs            ${here}
  not enforced    IAM and bucket policies: the emulator checks neither`;
}
