// Tenants: each has an issuer, an audience, keys, accounts and sessions of its own. Nothing of one
// tenant opens anything of another.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { JSONWebKeySet } from "jose";
import { ALICE, authorization, claimsOf, SOUTH, setCookie, useStack, Visitor } from "./harness.ts";

const stack = useStack();
const time = async (base: string, token: string) =>
  (await fetch(`${stack().api}${base}/api/time`, { headers: authorization(token) })).status;

test("a user of two tenants is two people with two sessions, each with a cookie for its own paths", async () => {
  const main = new Visitor(stack());
  const south = new Visitor(stack(), null, SOUTH);
  const response = await south.post("/session/sign-in", { body: ALICE });
  assert.ok(setCookie(response)?.attributes.has("path=/tenants/south/session"));
  const [one, other] = [
    claimsOf(await main.signIn()),
    claimsOf((await response.json()) as Awaited<ReturnType<Visitor["signIn"]>>),
  ];
  assert.equal(one.iss, stack().authority);
  assert.equal(other.iss, stack().authority + SOUTH);
  assert.equal(other.aud, "https://api.south.tokenkeep.example");
  for (const claim of ["sub", "sid", "aud"]) assert.notEqual(one[claim], other[claim], claim);
  await main.post("/session/logout");
  assert.equal(await south.tryRefresh(), 200);
});

test("each API takes the tokens of its tenant and refuses the other's", async () => {
  const { access_token: main } = await new Visitor(stack()).signIn();
  const { access_token: south } = await new Visitor(stack(), null, SOUTH).signIn();
  assert.deepEqual([await time("", main), await time(SOUTH, south)], [200, 200]);
  assert.deepEqual([await time("", south), await time(SOUTH, main)], [403, 403]);
});

test("each tenant has keys of its own", async () => {
  const kids = async (base: string) => {
    const set = (await (
      await fetch(`${stack().authority}${base}/.well-known/jwks.json`)
    ).json()) as JSONWebKeySet;
    return set.keys.map((key) => key.kid);
  };
  const [main, south] = [await kids(""), await kids(SOUTH)];
  assert.ok(main.length > 0 && south.length > 0);
  assert.deepEqual(
    main.filter((kid) => south.includes(kid)),
    [],
  );
});

test("a cookie of one tenant opens nothing at the other: no refresh, no list, no logout", async () => {
  const south = new Visitor(stack(), null, SOUTH);
  await south.signIn();
  const stray = new Visitor(stack(), south.cookie);
  assert.equal(await stray.tryRefresh(), 401);
  assert.equal((await stray.post("/session/list", { body: {} })).status, 401);
  assert.equal((await new Visitor(stack(), south.cookie).post("/session/logout")).status, 204);
  assert.equal(await south.tryRefresh(), 200);
});

test("a tenant that nobody has set up is not found, on both servers", async () => {
  for (const id of ["nowhere", "main", "SOUTH"]) {
    assert.equal(
      (await new Visitor(stack(), null, `/tenants/${id}`).post("/session/sign-in", { body: ALICE }))
        .status,
      404,
      id,
    );
    assert.equal(await time(`/tenants/${id}`, "x"), 404, id);
  }
});
