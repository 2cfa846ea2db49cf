// What users can do about their own sessions: see them, end one, end all of them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { authorization, BOB, claimsOf, setCookie, useStack, Visitor } from "./harness.ts";

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

const stack = useStack();
const me = async (token: string) =>
  (await fetch(`${stack().api}/api/me`, { headers: authorization(token) })).status;

interface Listed {
  id: string;
  current: boolean;
  startedAt: number;
  lastUsedAt: number;
  device: string;
}

async function list(visitor: Visitor): Promise<Listed[]> {
  const response = await visitor.post("/session/list", { body: {} });
  assert.equal(response.status, 200);
  return ((await response.json()) as { sessions: Listed[] }).sessions;
}

/** Two sessions of Bob's, and their ids. */
async function twoSessions() {
  const here = new Visitor(stack());
  const there = new Visitor(stack());
  const one = await here.signIn(BOB);
  const other = await there.signIn(BOB);
  return {
    here,
    there,
    hereId: String(claimsOf(one).sid),
    thereId: String(claimsOf(other).sid),
    tokens: [one.access_token, other.access_token],
  };
}

/** The API may remember for two seconds that a token was good. */
async function refusedSoon(token: string): Promise<void> {
  for (let turn = 0; turn < 600; turn += 1) {
    if ((await me(token)) === 401) return;
    await sleep(100);
  }
  assert.fail("the API goes on taking the token");
}

test("lists the living ones, tells which is this one, and names the device", async () => {
  const { here, hereId, thereId } = await twoSessions();
  const third = new Visitor(stack());
  await third.post("/session/sign-in", { body: BOB, headers: { "User-Agent": FIREFOX } });
  const sessions = await list(here);
  assert.deepEqual(
    sessions.filter((session) => session.current).map((session) => session.id),
    [hereId],
  );
  assert.ok(sessions.some((session) => session.id === thereId));
  assert.ok(sessions.some((session) => session.device === "Firefox on Linux"));
  for (const { startedAt, lastUsedAt } of sessions)
    assert.ok(lastUsedAt >= startedAt && Math.abs(startedAt - Date.now() / 1000) < 600);
  await third.post("/session/logout");
  assert.ok(!(await list(here)).some((session) => session.device === "Firefox on Linux"));
});

test("ends one: its refreshes and, soon, its calls; nobody can end another user's", async () => {
  const { here, there, thereId, tokens } = await twoSessions();
  const alice = claimsOf(await new Visitor(stack()).signIn());
  assert.equal(await me(tokens[1] ?? ""), 200);
  assert.equal((await here.post("/session/end", { body: { id: thereId } })).status, 204);
  assert.equal(await there.tryRefresh(), 401);
  await refusedSoon(tokens[1] ?? "");
  assert.equal(await me(tokens[0] ?? ""), 200);
  for (const id of [thereId, String(alice.sid), "no such one"]) {
    const response = await here.post("/session/end", { body: { id } });
    assert.equal(response.status, 404);
    assert.deepEqual(await response.json(), { error: "not_found" });
  }
  assert.equal((await here.post("/session/end", { body: { id: 7 } })).status, 400);
});

test("log out everywhere ends them all, on the API too, and signing in again works at once", async () => {
  const { here, there, tokens } = await twoSessions();
  for (const token of tokens) assert.equal(await me(token), 200);
  const response = await here.post("/session/logout-everywhere", { body: {} });
  assert.equal(response.status, 204);
  assert.ok(setCookie(response)?.attributes.has("max-age=0"));
  assert.deepEqual([await here.tryRefresh(), await there.tryRefresh()], [401, 401]);
  for (const token of tokens) await refusedSoon(token);
  assert.equal(
    await me((await here.signIn(BOB)).access_token),
    200,
    "a token of the very second of the revocation would be refused",
  );
});

test("logout reaches the API as well", async () => {
  const visitor = new Visitor(stack());
  const { access_token: token } = await visitor.signIn(BOB);
  assert.equal(await me(token), 200);
  await visitor.post("/session/logout");
  await refusedSoon(token);
});

test("without a session these calls answer 401", async () => {
  for (const path of ["/session/list", "/session/end", "/session/logout-everywhere"]) {
    const response = await new Visitor(stack()).post(path, { body: { id: "x" } });
    assert.equal(response.status, 401, path);
    assert.deepEqual(await response.json(), { error: "invalid_grant" });
  }
});
