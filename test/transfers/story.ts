/** What stories of transfers need: an agent with workspaces, and customers with organizations of their own. */
import { expect } from "vitest";
import * as z from "zod";
import { scopes as allScopes, type Scope } from "#contract/scopes.ts";
import { organization as organizationSchema } from "#core/organizations/contract.ts";
import { createPerson } from "#core/organizations/create-person.ts";
import { type createTransferRoute, newTransfer } from "#core/transfers/contract.ts";
import { workspace } from "#core/workspaces/contract.ts";
import { type Client, type Given, read, startWorld } from "#test/support/world.ts";

const SCOPES: Scope[] = [
  ...(["files:read", "files:write", "files:delete", "shares:write", "locks:write"] as const),
  ...(["workspaces:write", "grants:write", "webhooks:write"] as const),
];
export const made = newTransfer;
type Offer = Partial<z.input<typeof createTransferRoute.body>>;
export type Asking = Pick<Client, "request">;

export const statusOf = async (asked: Promise<Response>) => (await asked).status;
export const claim = (token: string, by: Asking, json: unknown = {}) =>
  by.request(`/v1/claims/${token}`, { method: "POST", json });
/** Who is in the first organization too says which one is meant. */
export const for_ = ({ organization }: { organization: string }) => ({ organization });

export async function startTransfers() {
  const world = await startWorld();
  world.deps.orgCreation = "member";
  const newAgent = () => world.client(...SCOPES);
  const agent = await newAgent();
  let persons = 0;
  let names = 0;

  /** A person with an organization of their own. */
  async function customer() {
    const email = `nr.${++persons}@example.com`;
    const key = { scopes: allScopes.filter((one) => one !== "admin"), days: 90 };
    const one = await createPerson(world.deps, { email, name: `Nr. ${persons}`, role: "member", key });
    const request = (path: string, { headers, ...rest }: Given = {}) =>
      world.request(path, { ...rest, headers: { authorization: `Bearer ${one.api_key}`, ...headers } });
    const answer = request("/v1/orgs", { json: { name: `Customer ${persons}` } });
    const { organization_id } = await read(organizationSchema, answer);
    return { id: one.person_id, email, request, organization: organization_id };
  }

  /** A workspace of the agent's with two files, a link, a reader and whatever else has a right there. */
  async function report() {
    const answer = agent.request("/v1/workspaces", { json: { name: `report-${++names}` } });
    const { workspace_id, name } = await read(workspace, answer);
    const inIt = { ...agent, workspace_id };
    const file = await world.addFile(inIt, "summary.txt");
    const deep = await world.addFile(inIt, "data/2026/all.txt");
    const shared = agent.request(`/v1/files/${deep}/shares`, { json: { expire_in: 86_400 } });
    const { share_url } = await read(z.looseObject({ share_url: z.string() }), shared);
    const reader = await world.client("files:read");
    const { folder_id } = await read(
      z.looseObject({ folder_id: z.string() }),
      agent.request(`/v1/workspaces/${workspace_id}/resolve?path=data`),
    );
    const grant = { principal_id: reader.client_id, role: "viewer" };
    expect(await statusOf(agent.request(`/v1/folders/${folder_id}/grants`, { json: grant }))).toBe(201);
    const sees = async (by: Asking) =>
      Promise.all(
        [`/v1/files/${file}`, `/v1/files/${deep}`, `/v1/workspaces/${workspace_id}/files`].map((path) =>
          statusOf(by.request(path)),
        ),
      );
    return { workspace_id, name, file, deep, share_url, reader, sees };
  }

  const offer = (workspace_id: string, given: Offer = {}, by: Asking = agent) =>
    by.request("/v1/transfers", { json: { resource: { type: "workspace", id: workspace_id }, ...given } });

  /** Offers it to somebody, who claims it. */
  async function handOver(workspace_id: string, to: Awaited<ReturnType<typeof customer>>, given: Offer = {}) {
    const { claim_token } = await read(made, offer(workspace_id, given));
    expect(await statusOf(claim(claim_token, to, for_(to)))).toBe(200);
  }

  return { world, agent, newAgent, customer, report, offer, handOver };
}

export type Story = Awaited<ReturnType<typeof startTransfers>>;
