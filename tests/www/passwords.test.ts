// Password hashes: salted, with their parameters, and strict about what they are compared with.

import assert from "node:assert/strict";
import { test } from "node:test";
import { hashPassword, matchesPassword, NOBODYS_HASH } from "../../www/authority/passwords.ts";

test("a hash matches its password and no other, however the password's accents were typed", async () => {
  const stored = await hashPassword("crème brûlée".normalize("NFC"));
  assert.ok(await matchesPassword("crème brûlée".normalize("NFD"), stored));
  assert.ok(!(await matchesPassword("creme brulee", stored)));
  assert.ok(!(await matchesPassword("", stored)));
});

test("two hashes of one password differ, and say how they were made", async () => {
  const [one, two] = await Promise.all([hashPassword("same"), hashPassword("same")]);
  assert.notEqual(one, two);
  assert.match(one, /^\$scrypt\$ln=14,r=8,p=5\$/);
});

test("nobody's hash costs the usual and matches nothing", async () => {
  assert.ok(!(await matchesPassword("", NOBODYS_HASH)));
  assert.equal(NOBODYS_HASH.split("$")[2], (await hashPassword("x")).split("$")[2]);
});

test("a stored hash that is damaged is an error, never a match", async () => {
  for (const stored of ["", "plain text", "$scrypt$ln=14,r=8,p=5$c2FsdA$aGFzaA"]) {
    await assert.rejects(matchesPassword("plain text", stored), /malformed/);
  }
});
