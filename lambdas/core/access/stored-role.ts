import { type MemberRole, memberRoles } from "#contract/roles.ts";

/**
 * A role in an organization as its holder's record has it: `admin`, or `admin@2` where it was given after the organization
 * had been handed over twice. One text, so that a condition of a write compares both at once.
 */
export const storedRole = (role: MemberRole, epoch: number): string =>
  epoch === 0 ? role : `${role}@${epoch}`;

/** The other way round. */
export function roleStored(stored: string): { role: MemberRole; epoch: number } | undefined {
  const [name, epoch = "0"] = stored.split("@");
  const role = memberRoles.find((one) => one === name);
  return role === undefined || !/^\d{1,9}$/.test(epoch) ? undefined : { role, epoch: Number(epoch) };
}

export const isStoredRole = (stored: string): boolean => roleStored(stored) !== undefined;
