// Signing in: the tokens of a good sign-in, and how little a bad one tells.

import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { ALICE, setCookie, UNLIMITED, useStack, Visitor } from "./harness.ts";

const stack = useStack(UNLIMITED, "usual");

test("a good sign-in gives an access token of 15 minutes and keeps the refresh token out of the body", async () => {
  const visitor = new Visitor(stack());
  const response = await visitor.post("/session/sign-in", { body: ALICE });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("Cache-Control"), "no-store");
  const reply = (await response.json()) as Record<string, unknown>;
  assert.deepEqual(Object.keys(reply).sort(), ["access_token", "expires_in", "token_type"]);
  assert.equal(reply.expires_in, 900);
  assert.equal(reply.token_type, "Bearer");
});

test("the access token is an ES256 JWT with the claims of RFC 9068, the session and a name", async () => {
  const { access_token: token } = await new Visitor(stack()).signIn();
  const { alg, typ, kid } = decodeProtectedHeader(token);
  assert.deepEqual({ alg, typ }, { alg: "ES256", typ: "at+jwt" });
  assert.match(String(kid), /^[\w-]{43}$/);
  const claims = decodeJwt(token);
  assert.equal(claims.iss, stack().authority);
  assert.equal(claims.aud, "https://api.tokenkeep.example");
  assert.equal(claims.client_id, "tokenkeep-demo");
  assert.equal(claims.name, "Alice Adair");
  assert.equal(Number(claims.exp) - Number(claims.iat), 900);
  for (const claim of [claims.sub, claims.jti, claims.sid])
    assert.match(String(claim), /^[0-9a-f-]{36}$/);
});

test("the cookie is HttpOnly, Secure, SameSite=Strict, bound to /session and lives for 7 days", async () => {
  const cookie = setCookie(await new Visitor(stack()).post("/session/sign-in", { body: ALICE }));
  assert.match(cookie?.value ?? "", /^[\w-]{43}$/);
  const expected = ["httponly", "secure", "samesite=strict", "path=/session", "max-age=604800"];
  assert.deepEqual([...(cookie?.attributes ?? [])].sort(), expected.sort());
});

test("a user name is taken in upper and lower case, a password is not", async () => {
  const visitor = new Visitor(stack());
  await visitor.signIn({ ...ALICE, username: "ALICE" });
  const response = await visitor.post("/session/sign-in", {
    body: { ...ALICE, password: ALICE.password.toUpperCase() },
  });
  assert.equal(response.status, 401);
});

test("a wrong password and an unknown user get the same answer, and no cookie", async () => {
  const answers = await Promise.all(
    [
      { ...ALICE, password: "wrong" },
      { username: "mallory", password: "wrong" },
    ].map(async (body) => {
      const response = await new Visitor(stack()).post("/session/sign-in", { body });
      assert.deepEqual(response.headers.getSetCookie(), []);
      return `${response.status} ${await response.text()}`;
    }),
  );
  assert.deepEqual(answers, Array(2).fill('401 {"error":"invalid_credentials"}'));
});

test("an unknown user costs as much time as a wrong password", async () => {
  const visitor = new Visitor(stack());
  const took = async (username: string) => {
    const start = performance.now();
    await (
      await visitor.post("/session/sign-in", { body: { username, password: "wrong" } })
    ).text();
    return performance.now() - start;
  };
  const known: number[] = [];
  const unknown: number[] = [];
  // In turns, so that a busy machine slows both alike. Without the hash an unknown user would take
  // a fiftieth of the time.
  for (let round = 0; round < 5; round += 1) {
    known.push(await took("alice"));
    unknown.push(await took("mallory"));
  }
  const ratio = median(unknown) / median(known);
  assert.ok(ratio > 0.1 && ratio < 10, `unknown / known = ${ratio.toFixed(2)}`);
});

test("a body without proper credentials is refused before any password is hashed", async () => {
  const visitor = new Visitor(stack());
  const status = async (body: unknown, headers?: Record<string, string>) =>
    (await visitor.post("/session/sign-in", { body, ...(headers ? { headers } : {}) })).status;
  assert.equal(await status("not json"), 400);
  assert.equal(await status("[]"), 400);
  assert.equal(await status({ username: "alice" }), 400);
  assert.equal(await status({ username: "alice", password: "" }), 400);
  assert.equal(await status({ username: "alice", password: { length: 3 } }), 400);
  assert.equal(await status({ username: "a".repeat(129), password: "x" }), 400);
  assert.equal(await status({ username: "alice", password: "x".repeat(513) }), 400);
  assert.equal(await status(ALICE, { "Content-Type": "text/plain" }), 400);
});

test("a body over 4 KiB is refused", async () => {
  const response = await new Visitor(stack()).post("/session/sign-in", {
    body: { ...ALICE, padding: "x".repeat(5000) },
  });
  assert.equal(response.status, 413);
  assert.deepEqual(await response.json(), { error: "body_too_large" });
});

test("signing in again ends the session whose cookie it overwrites", async () => {
  const visitor = new Visitor(stack());
  await visitor.signIn();
  const first = visitor.cookie;
  await visitor.signIn();
  assert.equal(await new Visitor(stack(), first).tryRefresh(), 401);
  assert.equal(await visitor.tryRefresh(), 200);
});

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
