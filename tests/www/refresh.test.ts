// Refresh and logout: each refresh token is good for one use, within its session.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeJwt } from "jose";
import { SOUTH, setCookie, useStack, Visitor } from "./harness.ts";

describe("refresh", () => {
  const stack = useStack();

  test("gives a new access token of the same session, and a new cookie with the same flags", async () => {
    const visitor = new Visitor(stack());
    const before = decodeJwt((await visitor.signIn()).access_token);
    const first = visitor.cookie;
    const response = await visitor.post("/session/refresh");
    assert.equal(response.headers.get("Cache-Control"), "no-store");
    const attributes = setCookie(response)?.attributes ?? new Set();
    for (const flag of ["httponly", "secure", "samesite=strict", "path=/session"])
      assert.ok(attributes.has(flag), flag);
    assert.notEqual(visitor.cookie, first);
    const after = decodeJwt(((await response.json()) as { access_token: string }).access_token);
    assert.equal(after.sid, before.sid);
    assert.equal(after.sub, before.sub);
    assert.notEqual(after.jti, before.jti);
  });

  test("goes on for as many turns as there are, each with the cookie of the last", async () => {
    const visitor = new Visitor(stack());
    await visitor.signIn();
    const cookies = new Set([visitor.cookie]);
    for (let turn = 0; turn < 5; turn += 1) {
      await visitor.refresh();
      cookies.add(visitor.cookie);
    }
    assert.equal(cookies.size, 6);
  });

  test("refuses no cookie, a malformed one, one that was never issued and one of another tenant", async () => {
    const elsewhere = new Visitor(stack(), null, SOUTH);
    await elsewhere.signIn();
    for (const cookie of [null, "", "short", "x".repeat(5000), "A".repeat(43), elsewhere.cookie]) {
      assert.equal(
        await new Visitor(stack(), cookie).tryRefresh(),
        401,
        String(cookie).slice(0, 10),
      );
    }
    assert.equal(await elsewhere.tryRefresh(), 200);
  });
});

describe("logout", () => {
  const stack = useStack();

  test("kills the session and clears the cookie", async () => {
    const visitor = new Visitor(stack());
    await visitor.signIn();
    const kept = visitor.cookie;
    const response = await visitor.post("/session/logout");
    assert.equal(response.status, 204);
    const attributes = setCookie(response)?.attributes ?? new Set();
    for (const flag of ["max-age=0", "path=/session", "secure"])
      assert.ok(attributes.has(flag), flag);
    assert.equal(await new Visitor(stack(), kept).tryRefresh(), 401);
  });

  test("works with a token that was used already: the reply to the last refresh may have been lost", async () => {
    const visitor = new Visitor(stack());
    await visitor.signIn();
    const old = new Visitor(stack(), visitor.cookie);
    await visitor.refresh();
    assert.equal((await old.post("/session/logout")).status, 204);
    assert.equal(await visitor.tryRefresh(), 401);
  });

  test("ends this session and no other of the user's", async () => {
    const elsewhere = new Visitor(stack());
    await elsewhere.signIn();
    const visitor = new Visitor(stack());
    await visitor.signIn();
    await visitor.post("/session/logout");
    assert.equal(await elsewhere.tryRefresh(), 200);
  });

  test("is final: within the grace window too, a used token gives nothing any more", async () => {
    const visitor = new Visitor(stack());
    await visitor.signIn();
    const old = new Visitor(stack(), visitor.cookie);
    await visitor.refresh();
    await visitor.post("/session/logout");
    assert.equal(await old.tryRefresh(), 401);
  });

  test("succeeds without a session, any number of times", async () => {
    const visitor = new Visitor(stack());
    assert.equal((await visitor.post("/session/logout")).status, 204);
    assert.equal((await visitor.post("/session/logout")).status, 204);
  });
});

describe("a session of eight seconds", () => {
  const stack = useStack({ bindings: { authority: { SESSION_SECONDS: "8" } } });

  test("ends on time: refreshing doesn't stretch it, and its access tokens end with it", async () => {
    const visitor = new Visitor(stack());
    assert.equal((await visitor.signIn()).expires_in, 8);
    await sleep(2500);
    const response = await visitor.post("/session/refresh");
    const maxAge = [...(setCookie(response)?.attributes ?? [])].find((attribute) =>
      attribute.startsWith("max-age="),
    );
    assert.match(maxAge ?? "", /^max-age=[1-6]$/);
    assert.equal(
      `max-age=${((await response.json()) as { expires_in: number }).expires_in}`,
      maxAge,
    );
    await sleep(6000);
    assert.equal(await visitor.tryRefresh(), 401);
  });
});
