/** Persons of a world's organizations, each with an API key, and what they call. */
import type { MemberRole } from "#contract/roles.ts";
import { scopes as allScopes, type Scope } from "#contract/scopes.ts";
import { createPerson } from "#core/organizations/create-person.ts";
import type { Given, World } from "#test/support/world.ts";

export type Person = Awaited<ReturnType<ReturnType<typeof people>>>;

/** Makes persons of a world. */
export function people(world: World) {
  let made = 0;
  return async (
    role: MemberRole,
    { organization, scopes = allScopes }: { organization?: string; scopes?: readonly Scope[] } = {},
  ) => {
    const name = `${role} ${++made}`;
    const person = await createPerson(world.deps, {
      ...{ email: `${role}.${made}@example.com`, name, role, organization },
      key: { scopes, days: 90 },
    });
    const request = (path: string, { headers, ...rest }: Given = {}) =>
      world.request(path, { ...rest, headers: { authorization: `Bearer ${person.api_key}`, ...headers } });
    return { ...person, id: person.person_id, request };
  };
}
