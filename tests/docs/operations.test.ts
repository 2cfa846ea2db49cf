// The code of docs/operations.md, run as it stands there. What a block takes for granted it finds
// among the globals.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { BuildOptions } from "esbuild";
import { Redis } from "ioredis";
import { type IssuerOptions, type Verifier, VerifyError } from "tokenkeep/edge";
import { redisRevocation } from "tokenkeep/redis";
import { json, ScriptedServer } from "../client/server.ts";
import { RedisServer } from "../edge/redis/server.ts";
import { claims, keyPair, makeKeyPair, sign } from "../edge/suite/kit.ts";
import { bundle } from "./running.ts";

const API = "https://api.example.com";
let authority: ScriptedServer;
let redis: RedisServer;
let fetches = 0;
before(async () => {
  const { jwk } = await keyPair();
  authority = await ScriptedServer.open(() => json({}));
  authority.on("/jwks", () => {
    fetches += 1;
    return json({ keys: [jwk, { kty: "oct", kid: "k2", k: "c2VjcmV0" }] });
  });
  redis = await RedisServer.open();
});
after(async () => {
  await authority.close();
  await redis.stop();
});

const issuer = (): IssuerOptions => ({
  issuer: authority.origin,
  audience: API,
  algorithms: ["ES256"],
  jwksUri: `${authority.origin}/jwks`,
});

/** Imports a block as a module of its own, with these globals. */
async function run<T>(name: string, block: string, globals: object): Promise<T> {
  const options: BuildOptions = { format: "esm", packages: "external" };
  const moved = { "redis://localhost:6379": `redis://127.0.0.1:${redis.port}` };
  const file = await bundle(`${name}.mjs`, `export * from "doc:${block}";`, options, moved);
  Object.assign(globalThis, globals);
  return (await import(pathToFileURL(file).href)) as T;
}

const token = (more: object = {}, pair?: Awaited<ReturnType<typeof keyPair>>) => {
  const now = Math.floor(Date.now() / 1000);
  return sign(
    claims({ iss: authority.origin, aud: API, iat: now, exp: now + 300, ...more }),
    {},
    pair,
  );
};
const refused = async (verifier: Verifier, given: string) => {
  const error = await verifier.verify(given).catch((error: unknown) => error);
  assert.ok(error instanceof VerifyError);
  return `${error.code} ${error.status}`;
};

test("docs_operations_counts_what_is_verified_refused_and_fetched", async () => {
  const warned: string[] = [];
  const { counts, verifier } = await run<{ counts: Map<string, number>; verifier: Verifier }>(
    "events",
    "docs/operations.md#0",
    { issuers: issuer(), warn: (words: string) => warned.push(words) },
  );
  const good = await token();
  await verifier.verify(good);
  await verifier.verify(good);
  await refused(verifier, await token({ aud: "other" }));
  await refused(verifier, await token({}, await makeKeyPair("ES256", "k1")));
  assert.deepEqual(Object.fromEntries(counts), {
    "jwks.fetched": 1,
    verified: 1,
    "verified.cached": 1,
    "refused.token": 2,
    "refused.claim.aud": 1,
    "refused.signature.invalid": 1,
  });
  assert.equal(warned.length, 1);
  assert.match(warned[0]!, /publishes a key that is not used: k2 \(\S.*\)$/);
});

test("docs_operations_asks_for_a_tenant_once_a_minute_and_knows_those_that_are_none", async () => {
  const asked: string[] = [];
  let isAway = false;
  const db = {
    async tenant(name: string) {
      asked.push(name);
      if (isAway) throw new Error("no database");
      return name === authority.origin ? { id: "t1", keys: `${authority.origin}/jwks` } : null;
    },
  };
  const { verifier } = await run<{ verifier: Verifier }>("resolver", "docs/operations.md#1", {
    db,
  });
  for (let times = 0; times < 3; times += 1) {
    assert.equal((await verifier.verify(await token())).tenant, "t1");
    assert.equal(
      await refused(verifier, await token({ iss: "https://other.example" })),
      "issuer.unknown 401",
    );
  }
  assert.deepEqual(asked, [authority.origin, "https://other.example"]);
  isAway = true;
  assert.equal(
    await refused(verifier, await token({ iss: "https://third.example" })),
    "issuer.unavailable 503",
  );
  await verifier.verify(await token());
});

test("docs_operations_fetches_ahead_of_the_first_token_and_goes_on_when_that_fails", async () => {
  const { verifier } = await run<{ verifier: Verifier }>("prime-events", "docs/operations.md#0", {
    issuers: issuer(),
    warn: () => undefined,
  });
  const before = fetches;
  await run("prime", "docs/operations.md#3", { verifier, warn: assert.fail });
  assert.equal(fetches, before + 1);
  await verifier.verify(await token());
  assert.equal(fetches, before + 1);
  const warned: string[] = [];
  const away = { prime: () => Promise.reject(new Error("away")) };
  await run("prime-away", "docs/operations.md#3", {
    verifier: away,
    warn: (words: string) => warned.push(words),
  });
  assert.deepEqual(warned, ["The keys can't be had yet: away"]);
});

test("docs_operations_revokes_over_redis_what_another_process_verifies", async () => {
  const client = new Redis(redis.port, "127.0.0.1");
  try {
    await run("revoke", "docs/operations.md#2", { ISSUER: authority.origin, user: { id: "u1" } });
    const iat = Math.floor(Date.now() / 1000) - 60;
    const subject = { issuer: authority.origin, jti: null, sid: null, iat };
    const revocation = redisRevocation(client);
    assert.equal(await revocation.isRevoked({ ...subject, sub: "u1" }), true);
    assert.equal(await revocation.isRevoked({ ...subject, sub: "u2" }), false);
  } finally {
    client.disconnect();
  }
});
