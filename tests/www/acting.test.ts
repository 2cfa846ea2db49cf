// An operator acts for a user: which tokens the authority gives for it, where the API lets them in,
// and which names both servers write down.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  authorization,
  BOB,
  claimsOf,
  SOUTH,
  type TokenReply,
  UNLIMITED,
  useStack,
  Visitor,
} from "./harness.ts";
import { Operator } from "./operator.ts";

interface ActedCall {
  call: string;
  status: number;
  names: [string | null, string | null];
  subject: string;
  actors: string[];
  tenant: string;
}

describe("an operator who acts for a user", () => {
  const stack = useStack({
    bindings: { ...UNLIMITED.bindings, api: { REVOCATION_CACHE_SECONDS: "0" } },
  });
  const alice = async (base = "") => {
    const visitor = new Visitor(stack(), null, base);
    const reply = await visitor.signIn();
    return { visitor, reply, operator: new Operator(stack(), reply.access_token, base) };
  };
  const bobsId = async (base = "") =>
    claimsOf(await new Visitor(stack(), null, base).signIn(BOB))["sub"] as string;
  const actFor = async (operator: Operator, user: string) => {
    const response = await operator.call("act-for", { user });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("Cache-Control"), "no-store");
    return (await response.json()) as TokenReply;
  };
  const call = (path: string, token: string, init: RequestInit = {}) =>
    fetch(stack().api + path, { ...init, headers: authorization(token) });
  const acted = async (token: string, base = "") =>
    ((await (await call(`${base}/demo/acted`, token)).json()) as { calls: ActedCall[] }).calls;

  test("gets a token that names both, lives for five minutes, and opens the user's account", async () => {
    const { reply, operator } = await alice();
    const operatorsClaims = claimsOf(reply);
    const bob = await bobsId();
    const token = await actFor(operator, bob);
    assert.deepEqual([token.token_type, token.expires_in], ["Bearer", 300]);
    const { sub, name, act, acr, roles, sid, exp, iat } = claimsOf(token);
    assert.deepEqual(
      [sub, name, act, acr, roles, sid],
      [
        bob,
        "Bob Barton",
        { sub: operatorsClaims["sub"], name: "Alice Adair" },
        undefined,
        [],
        operatorsClaims["sid"],
      ],
    );
    assert.equal((exp as number) - (iat as number), 300);
    const me = await call("/api/me", token.access_token);
    assert.deepEqual(await me.json(), { sub: bob, name: "Bob Barton", actor: "Alice Adair" });
    const own = (await (await call("/api/me", reply.access_token)).json()) as object;
    assert.deepEqual(Object.keys(own), ["sub", "name"]);
  });

  test("is refused where the policy forbids it, and a stronger login would not help", async () => {
    const { operator } = await alice();
    const { access_token: token } = await actFor(operator, await bobsId());
    const vault = await call("/api/vault", token);
    assert.equal(vault.status, 403);
    assert.match(vault.headers.get("WWW-Authenticate") ?? "", /error="insufficient_scope"/);
    assert.deepEqual(await vault.json(), { error: "insufficient_scope" });
  });

  test("stands in the audit log with the user's name, before the first call", async () => {
    const { reply, operator } = await alice();
    const bob = await bobsId();
    await actFor(operator, bob);
    const [record] = (await operator.audit()).filter(({ event }) => event === "acting.started");
    assert.deepEqual(
      [record?.user, record?.detail, record?.severity],
      [bob, `by ${claimsOf(reply)["sub"]}`, "low"],
    );
  });

  test("and the API writes down both names, of what it let them do and what it did not", async () => {
    const { reply, operator } = await alice();
    const bob = await bobsId();
    const { access_token: token } = await actFor(operator, bob);
    await call("/api/me", token);
    await call("/api/vault", token);
    await call("/api/me", reply.access_token);
    const calls = await acted(reply.access_token);
    assert.deepEqual(
      calls.slice(0, 2).map((one) => [one.call, one.status, one.names, one.subject, one.actors]),
      [
        ["GET /api/vault", 403],
        ["GET /api/me", 200],
      ].map((one) => [...one, ["Bob Barton", "Alice Adair"], bob, [claimsOf(reply)["sub"]]]),
    );
    for (const part of token.split(".")) assert.ok(!JSON.stringify(calls).includes(part));
    assert.equal((await call("/demo/acted", token)).status, 403);
    assert.equal((await fetch(`${stack().api}/demo/acted`)).status, 401);
  });

  test("gets no token for an operator, for nobody, or with a token that acts", async () => {
    const { reply, operator } = await alice();
    const bob = await bobsId();
    const own = claimsOf(reply)["sub"] as string;
    for (const [body, status, error] of [
      [{ user: own }, 403, "not_allowed"],
      [{ user: "00000000-0000-4000-8000-000000000000" }, 404, "not_found"],
      [{ user: await bobsId(SOUTH) }, 404, "not_found"],
      [{}, 400, "invalid_request"],
      [{ user: 7 }, 400, "invalid_request"],
    ] as const) {
      const answer = await operator.call("act-for", body);
      assert.deepEqual([answer.status, await answer.json()], [status, { error }]);
    }
    const { access_token: acting } = await actFor(operator, bob);
    const through = new Operator(stack(), acting);
    assert.ok([401, 403].includes((await through.call("act-for", { user: bob })).status));
    assert.ok([401, 403].includes((await through.call("audit")).status));
    const bobs = await new Visitor(stack()).signIn(BOB);
    const asBob = await new Operator(stack(), bobs.access_token).call("act-for", { user: own });
    assert.equal(asBob.status, 403);
  });

  test("acts in one tenant only, and not after the session has ended", async () => {
    const { visitor, reply, operator } = await alice(SOUTH);
    const { access_token: token } = await actFor(operator, await bobsId(SOUTH));
    assert.equal((await call(`${SOUTH}/api/me`, token)).status, 200);
    assert.ok([401, 403].includes((await call("/api/me", token)).status));
    const calls = await acted(reply.access_token, SOUTH);
    assert.deepEqual([...new Set(calls.map(({ tenant }) => tenant))], ["south"]);
    const { access_token: unused } = await actFor(operator, await bobsId(SOUTH));
    await visitor.post("/session/logout");
    assert.equal((await call(`${SOUTH}/api/echo`, unused, { method: "POST" })).status, 401);
  });

  test("stops when all of the operator's sessions are ended, or the user's", async () => {
    for (const credentials of [undefined, BOB]) {
      const { operator } = await alice();
      const { access_token: token } = await actFor(operator, await bobsId());
      assert.equal((await call("/api/me", token)).status, 200);
      const ending = new Visitor(stack());
      await ending.signIn(credentials);
      await ending.post("/session/logout-everywhere");
      assert.equal((await call("/api/me", token)).status, 401);
    }
  });
});
