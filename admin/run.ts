/** The administrator's commands: organizations, persons, clients, their secrets and workspaces. They write the table directly. */
import { parseArgs } from "node:util";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import * as z from "zod";
import { createTable } from "#aws/table.ts";
import { title } from "#contract/common.ts";
import { type MemberRole, memberRole, memberRoles } from "#contract/roles.ts";
import { type Scope, scope, scopes } from "#contract/scopes.ts";
import { createClient } from "#core/accounts/create-client.ts";
import { listClients } from "#core/accounts/list-clients.ts";
import { isWharfError } from "#core/kernel/error.ts";
import { listAllMembers, listAllOrganizations } from "#core/organizations/administer.ts";
import { createPerson } from "#core/organizations/create-person.ts";
import { showPolicy } from "#core/policies/find-policy.ts";
import { administerPolicy } from "#core/policies/set-policy.ts";
import { type Policy, policy } from "#core/policy/contract.ts";
import { retireSecrets, revokeClient, rotateSecret } from "#core/revocation/change-client.ts";
import { shareWorkspace } from "#core/revocation/share-workspace.ts";
import { findTable, type TableLocation } from "./find-table.ts";

const USAGE = `npm run admin -- <command> [options]

  create-client --name NAME --scopes S[,S…] [--workspace NAME] [--organization ID] [--role R]
                                makes a client of an organization, the first unless said, with a new
                                workspace of its own, called NAME too or as --workspace says; prints its id
                                and secret (this once). To let it use one that is there: share-workspace.
                                Its role, unless said: with scope admin owner, where there is none yet, else
                                admin; member with workspaces:write; else guest
  list-clients                  every client, a line of JSON each
  revoke-client --client ID [--links keep|revoke]
                                stops a client and all its tokens at once; its sessions, locks and endpoints
                                end with it, its links only with --links revoke (the last one
                                that was given counts); prints what ended, and "complete": false where
                                the sweep goes on with the rest
  create-person --email A --name N [--organization ID] [--role R] [--scopes S[,S…]] [--days D]
                                makes a person with this address, which counts as verified: member of an
                                organization unless said; prints an API key of theirs (this once), good for
                                90 days unless said, of all scopes but admin unless said
  list-organizations            every organization, a line of JSON each
  list-members --organization ID
                                every member of an organization, a line of JSON each
  show-policy --of ID           the policy of an organization or workspace, what holds, and where it comes from
  set-policy --of ID --policy JSON [--version N]
                                sets it, whole, also where nobody is let in any more; --version: only upon
                                that one
  rotate-secret --client ID     adds a second secret; both work
  retire-secrets --client ID [--keep newer|older]
                                ends every secret but the newer one; prints how many ended. --keep older:
                                where nobody has the newer one, since the answer of rotate-secret was lost
  share-workspace --client ID --workspace WS_ID
                                lets a client use another's workspace too; list-clients shows the ids

Scopes: ${scopes.join(", ")}
Roles: ${memberRoles.join(", ")}
Where: the table that the last \`npm run deploy\` told of (cdk-outputs.json), with your AWS credentials;
       --table NAME [--region R]   another deployment's
       --local [--data DIR]        the local cloud started by \`npm start\` (DIR: .wharf)`;

const options = {
  name: { type: "string" },
  scopes: { type: "string" },
  client: { type: "string" },
  workspace: { type: "string" },
  organization: { type: "string" },
  role: { type: "string" },
  email: { type: "string" },
  days: { type: "string", default: "90" },
  links: { type: "string" },
  keep: { type: "string", default: "newer" },
  of: { type: "string" },
  policy: { type: "string" },
  version: { type: "string" },
  table: { type: "string" },
  region: { type: "string" },
  local: { type: "boolean", default: false },
  data: { type: "string", default: ".wharf" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** A fault of the command line: printed with a hint at the usage, exit code 2. */
class UsageError extends Error {}

type Env = Record<string, string | undefined>;

/**
 * Runs one command and returns the process's exit code: 0 done, 1 refused, 2 not understood.
 *
 * Every command prints what it did. Results go to `out` as JSON lines, words about faults to `err`.
 */
export async function runAdmin(
  args: readonly string[],
  env: Env,
  {
    out = console.log,
    err = console.error,
  }: { out?: (line: string) => void; err?: (line: string) => void } = {},
): Promise<number> {
  try {
    const { values, positionals } = parse(args);
    const [command, ...rest] = positionals;
    if (values.help || command === undefined) {
      out(USAGE);
      return values.help ? 0 : 2;
    }
    if (rest.length > 0) throw new UsageError(`${JSON.stringify(rest[0])} is one word too many.`);
    const run = Object.hasOwn(commands, command) ? commands[command] : undefined;
    if (run === undefined) {
      throw new UsageError(
        `No command ${JSON.stringify(command)}; there are ${Object.keys(commands).join(", ")}.`,
      );
    }
    for (const row of await run(connect(await findTable(values, env)), values)) out(JSON.stringify(row));
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      err(`${error.message}\nSee npm run admin -- --help`);
      return 2;
    }
    err(explain(error));
    return 1;
  }
}

/** What the administrator can do about a failure. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A local cloud that was killed leaves word of where it was.
  if ("code" in error && error.code === "ECONNREFUSED")
    return `${error.message}: nobody answers there; start the local cloud with npm start.`;
  if (error.message === "Region is missing")
    return "No AWS region: say --region R, or set AWS_REGION or AWS_PROFILE.";
  if (error.name === "CredentialsProviderError")
    return "No AWS credentials: set AWS_PROFILE, or sign in (aws sso login). --local needs none.";
  if (error.name === "ResourceNotFoundException")
    return "There is no such table in this account and region: look at TableName in cdk-outputs.json, --region and AWS_PROFILE.";
  return isWharfError(error) ? error.message : `${error.name}: ${error.message}`;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

type Values = ReturnType<typeof parse>["values"];
type AdminDeps = ReturnType<typeof connect>;

function connect({ table, ...client }: TableLocation) {
  return { table: createTable(new DynamoDBClient(client), table), now: () => Date.now() };
}

const commands: Record<string, (deps: AdminDeps, values: Values) => Promise<readonly unknown[]>> = {
  "create-client": async (deps, values) => {
    const name = required(values, "name");
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
      throw new UsageError(
        `--name ${JSON.stringify(name)}: 1–64 characters of A-Za-z0-9._-, a letter or digit first.`,
      );
    }
    const { workspace, organization } = values;
    const scopes = parseScopes(required(values, "scopes"));
    return [await createClient(deps, { name, workspace, organization, scopes, role: parseRole(values) })];
  },
  "create-person": async (deps, values) => {
    const name = title.safeParse(required(values, "name"));
    if (!name.success) throw new UsageError(`--name ${JSON.stringify(values.name)}: 1–255 bytes that show.`);
    const days = Number(values.days);
    if (!/^\d{1,3}$/.test(values.days) || days < 1 || days > MAX_KEY_DAYS)
      throw new UsageError(`--days ${JSON.stringify(values.days)}: 1–${MAX_KEY_DAYS}.`);
    const email = required(values, "email");
    const { organization } = values;
    const all = scopes.filter((one) => one !== "admin");
    const key = { days, scopes: values.scopes === undefined ? all : parseScopes(values.scopes) };
    return [await createPerson(deps, { email, name: name.data, organization, role: parseRole(values), key })];
  },
  "list-organizations": (deps) => listAllOrganizations(deps),
  "list-members": (deps, values) => listAllMembers(deps, required(values, "organization")),
  "list-clients": (deps) => listClients(deps),
  "revoke-client": async (deps, values) => {
    const { links } = values;
    if (links !== undefined && links !== "keep" && links !== "revoke")
      throw new UsageError(`--links ${JSON.stringify(links)}: keep or revoke.`);
    return [await revokeClient(deps, required(values, "client"), links)];
  },
  "show-policy": async (deps, values) => [await showPolicy(deps, required(values, "of"))],
  "set-policy": async (deps, values) => {
    const { version: ifMatch } = values;
    if (ifMatch !== undefined && !/^\d{1,9}$/.test(ifMatch))
      throw new UsageError(`--version ${JSON.stringify(ifMatch)}: a whole number; show-policy tells it.`);
    const rules = parsePolicy(required(values, "policy"));
    return [await administerPolicy(deps, { of: required(values, "of"), rules, ifMatch })];
  },
  "rotate-secret": async (deps, values) => [await rotateSecret(deps, required(values, "client"))],
  "retire-secrets": async (deps, values) => {
    const { keep } = values;
    if (keep !== "newer" && keep !== "older")
      throw new UsageError(`--keep ${JSON.stringify(keep)}: newer or older.`);
    return [await retireSecrets(deps, required(values, "client"), keep)];
  },
  "share-workspace": async (deps, values) => {
    const [clientId, workspaceId] = [required(values, "client"), required(values, "workspace")];
    return [await shareWorkspace(deps, { clientId, workspaceId })];
  },
};

function required(
  values: Values,
  option: "name" | "scopes" | "client" | "workspace" | "email" | "organization" | "of" | "policy",
): string {
  const value = values[option];
  if (value === undefined || value === "") throw new UsageError(`--${option} is needed.`);
  return value;
}

/** As long as an API key lives at most. */
const MAX_KEY_DAYS = 365;

function parseRole({ role }: Values): MemberRole | undefined {
  if (role === undefined) return undefined;
  const parsed = memberRole.safeParse(role);
  if (!parsed.success) throw new UsageError(`--role ${JSON.stringify(role)}: ${memberRoles.join(", ")}.`);
  return parsed.data;
}

function parsePolicy(text: string): Policy {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`--policy is no JSON: ${error instanceof Error ? error.message : error}`);
  }
  const parsed = policy.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new UsageError(`--policy: ${z.prettifyError(parsed.error).replaceAll("\n", " ")}`);
}

function parseScopes(text: string): Scope[] {
  return text.split(/[\s,]+/).map((word) => {
    const parsed = scope.safeParse(word);
    if (!parsed.success)
      throw new UsageError(`No scope ${JSON.stringify(word)}; there are ${scopes.join(", ")}.`);
    return parsed.data;
  });
}
