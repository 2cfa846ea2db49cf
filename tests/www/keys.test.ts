// The key ring: rotation by command and by schedule, with overlap. Private keys are sealed at rest.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeProtectedHeader, type JSONWebKeySet } from "jose";
import { type Stack, type StackOptions, startStack } from "../../www/stack.mjs";
import { ALICE, authorization, FREE_PORTS, SOUTH, useStack, Visitor } from "./harness.ts";
import { Operator } from "./operator.ts";

const publishedBy = async (stack: Stack, base = "") => {
  const set = (await (
    await fetch(`${stack.authority}${base}/.well-known/jwks.json`)
  ).json()) as JSONWebKeySet;
  return set.keys.map((key) => key.kid);
};
const kidOf = (token: string) => String(decodeProtectedHeader(token).kid);

describe("rotation by command", () => {
  const stack = useStack({ bindings: { authority: { RATE_LIMITS: "off" } } });
  const me = async (token: string) =>
    (await fetch(`${stack().api}/api/me`, { headers: authorization(token) })).status;

  test("the next key signs, the one before stays published, and both kinds of token are good throughout", async () => {
    const visitor = new Visitor(stack());
    const { access_token: before } = await visitor.signIn();
    assert.equal(await me(before), 200);
    const operator = await Operator.of(stack());
    const [active, next] = ["active", "next"].map((state) =>
      operator.keys().then((keys) => keys.find((key) => key.state === state)?.kid),
    );
    assert.equal(kidOf(before), await active);

    let running = true;
    const calls = (async () => {
      const statuses = new Set<number>();
      while (running) statuses.add(await me((await visitor.refresh()).access_token));
      return [...statuses];
    })();
    await sleep(200);
    const kid = await operator.rotate();
    await sleep(500);
    running = false;
    assert.deepEqual(await calls, [200], "calls that ran meanwhile noticed nothing");

    assert.equal(kid, await next, "a verifier that knew the set knows this key");
    const { access_token: after } = await visitor.refresh();
    assert.equal(kidOf(after), kid);
    assert.deepEqual([await me(before), await me(after)], [200, 200]);
    const published = await publishedBy(stack());
    assert.equal(published.length, 3);
    for (const one of [await active, kid]) assert.ok(published.includes(one));
    const retired = (await operator.keys()).find((key) => key.state === "retired");
    assert.equal(retired?.kid, await active);
    assert.ok(Number(retired?.retiresAt) >= Number(retired?.since) + 900);
  });

  test("other tenants' rings stand still", async () => {
    const before = await publishedBy(stack(), SOUTH);
    await (await Operator.of(stack())).rotate();
    assert.deepEqual(await publishedBy(stack(), SOUTH), before);
  });

  test("commands at once leave the ring whole: one key that signs, one that is next", async () => {
    const operator = await Operator.of(stack());
    const before = await operator.keys();
    await Promise.all(Array.from({ length: 4 }, () => operator.rotate()));
    const after = await operator.keys();
    assert.equal(after.filter((key) => key.state === "active").length, 1);
    assert.equal(after.filter((key) => key.state === "next").length, 1);
    const added = after.length - before.length;
    assert.ok(added >= 1 && added <= 4, String(added));
    assert.equal(
      await new Visitor(stack()).signIn().then(({ access_token: token }) => kidOf(token)),
      after.find((key) => key.state === "active")?.kid,
    );
  });

  test("RS256 on request, and back; an algorithm that isn't offered is refused", async () => {
    const operator = await Operator.of(stack());
    const kid = await operator.rotate("RS256");
    const { access_token: token } = await new Visitor(stack()).signIn();
    assert.deepEqual(decodeProtectedHeader(token), { alg: "RS256", kid, typ: "at+jwt" });
    const rs = new Operator(stack(), token);
    assert.equal((await rs.keys()).find((key) => key.state === "next")?.alg, "RS256");
    assert.equal((await rs.call("keys/rotate", { alg: "HS256" })).status, 400);
    assert.equal((await rs.call("keys/rotate", { alg: "none" })).status, 400);
    await rs.rotate("ES256");
    assert.equal(
      decodeProtectedHeader((await new Visitor(stack()).signIn()).access_token).alg,
      "ES256",
    );
  });

  test("nobody but an operator of the tenant gets there", async () => {
    const paths = ["keys", "audit"];
    // The guard looks for a key that it does not know once a second at most, and the key has just
    // been changed.
    await sleep(1_100);
    const bob = await new Visitor(stack()).signIn({
      username: "bob",
      password: "staple battery horse",
    });
    const southern = await new Visitor(stack(), null, SOUTH).signIn();
    for (const path of paths) {
      const status = async (headers: Record<string, string>) =>
        (await fetch(`${stack().authority}/operator/${path}`, { headers })).status;
      assert.equal(await status({}), 401);
      assert.equal(await status(authorization("no.good.token")), 401);
      assert.equal(await status(authorization(bob.access_token)), 403);
      assert.equal(await status(authorization(southern.access_token)), 403);
    }
    for (const path of ["keys/rotate", "revoke-user"]) {
      assert.equal(
        (await new Operator(stack(), bob.access_token).call(path, { user: "x" })).status,
        403,
      );
    }
  });
});

describe("rotation by schedule", () => {
  const stack = useStack({
    bindings: { authority: { KEY_ROTATION_SECONDS: "15", KEY_OVERLAP_SECONDS: "10" } },
  });
  const until = async (moment: number) => sleep(Math.max(0, moment * 1000 - Date.now()));

  test("leaves a young key alone and replaces an old one, which leaves the set when its overlap is over", async () => {
    const before = await publishedBy(stack());
    await stack().runSchedule();
    assert.deepEqual(await publishedBy(stack()), before);

    const operator = await Operator.of(stack());
    const ring = await operator.keys();
    const [active, next] = ["active", "next"].map((state) =>
      ring.find((key) => key.state === state),
    );
    await until(Number(active?.since) + 15);
    await stack().runSchedule();
    const retired = (await operator.keys()).find((key) => key.kid === active?.kid);
    assert.equal(retired?.state, "retired");
    assert.equal(retired.retiresAt, retired.since + 10);
    assert.equal(kidOf((await new Visitor(stack()).signIn()).access_token), next?.kid);
    const [record] = (await operator.audit()).filter(({ event }) => event === "keys.rotated");
    assert.equal(record?.detail, next?.kid);

    await until(Number(retired.retiresAt));
    assert.ok(!(await publishedBy(stack())).includes(active?.kid));
  });
});

describe("at rest", () => {
  const statusOfSignIn = async (stack: Stack) =>
    (await new Visitor(stack).post("/session/sign-in", { body: ALICE })).status;
  /** The status of a sign-in on a stack of its own. */
  async function signInOn(options: StackOptions): Promise<number> {
    const stack = await startStack({ ports: FREE_PORTS, ...options });
    return statusOfSignIn(stack).finally(() => stack.close());
  }

  test("private keys are sealed: another secret opens nothing", async () => {
    const persist = await mkdtemp(join(tmpdir(), "tokenkeep-keys-"));
    try {
      assert.equal(await signInOn({ persist }), 200);
      await writeFile(
        join(persist, "key-encryption-secret"),
        "another secret, long enough to be one",
      );
      assert.equal(await signInOn({ persist }), 500);
    } finally {
      await rm(persist, { recursive: true, force: true });
    }
  });

  test("a secret that is too short stops the authority", async () => {
    assert.equal(
      await signInOn({ bindings: { authority: { KEY_ENCRYPTION_SECRET: "short" } } }),
      500,
    );
  });
});
