import fc from "fast-check";
import { expect, test } from "vitest";
import { hashPassword, verifyPassword } from "#core/links/password.ts";

test("a password matches itself in any Unicode form, and nothing else", async () => {
  const stored = await hashPassword("Zoë's café");
  expect(stored).toMatch(/^scrypt\$32768\$8\$3\$[\w-]{22}\$[\w-]{43}$/);
  expect(await verifyPassword("Zoë's café".normalize("NFD"), stored)).toBe(true);
  for (const other of ["zoë's café", "Zoë's café ", "", "Zoe's cafe"])
    expect(await verifyPassword(other, stored)).toBe(false);
});

test("the same password is never stored the same", async () => {
  expect(await hashPassword("p")).not.toBe(await hashPassword("p"));
});

test("what isn't a stored password is refused, not compared", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string().filter((text) => !text.startsWith("scrypt$")),
      async (stored) => {
        await expect(verifyPassword("p", stored)).rejects.toThrow("unknown form");
      },
    ),
  );
});
