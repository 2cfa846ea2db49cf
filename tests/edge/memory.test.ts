// How much a verifier keeps when it is shown very many different things.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { SignJWT } from "jose";
import { pemPerKey } from "tokenkeep/discovery";
import { createVerifier, VerifyError } from "tokenkeep/edge";
import {
  AUDIENCE,
  base64url,
  bench,
  Clock,
  claims,
  ISSUER,
  keyPair,
  NOW,
  sign,
} from "./suite/kit.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes that are still held after the garbage is gone; wasm memory is among the array buffers. */
async function held(): Promise<number> {
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  collect();
  const { heapUsed, arrayBuffers, external } = process.memoryUsage();
  return heapUsed + Math.max(arrayBuffers, external);
}

const MEGABYTE = 1_048_576;

/** What `show` makes grow, when the first half, in which caches fill up, is not counted. */
async function growthOf(times: number, show: (place: number) => Promise<unknown>): Promise<number> {
  for (let place = 0; place < times / 2; place += 1) await show(place);
  const before = await held();
  for (let place = times / 2; place < times; place += 1) await show(place);
  return (await held()) - before;
}

test("edge_K93_is_no_bigger_after_100_000_unknown_kids", async () => {
  // Not bench()'s own: that one keeps all events.
  const { verifier } = await bench({ onEvent: () => undefined });
  await verifier.verify(await sign());
  const [, payload, signature] = (await sign()).split(".");
  const growth = await growthOf(100_000, async (place) => {
    const header = base64url(JSON.stringify({ alg: "ES256", kid: `kid-${place}`, typ: "JWT" }));
    const error: unknown = await verifier
      .verify(`${header}.${payload}.${signature}`)
      .catch((cause: unknown) => cause);
    assert.ok(error instanceof VerifyError && error.code === "key.unknown");
  });
  assert.ok(growth < MEGABYTE, `${growth} bytes`);
});

test("edge_K93_is_no_bigger_after_10_000_good_tokens", async () => {
  // HS256, for jose signs nothing quicker; what is remembered of a token is the same.
  const secret = new Uint8Array(32).fill(7);
  const verifier = createVerifier({
    issuers: { issuer: ISSUER, audience: AUDIENCE, algorithms: ["HS256"], secret },
    clock: () => NOW * 1000,
  });
  const growth = await growthOf(10_000, async (place) => {
    const token = await new SignJWT(claims({ jti: `t${place}` }))
      .setProtectedHeader({ alg: "HS256" })
      .sign(secret);
    assert.equal((await verifier.verify(token)).claims.jti, `t${place}`);
  });
  assert.ok(growth < MEGABYTE, `${growth} bytes`);
});

test("edge_K93_keeps_no_claims_of_tokens_that_came_once", async () => {
  const { verifier } = await bench({ onEvent: () => undefined });
  const tokenOf = (place: number) => sign(claims({ jti: `t${place}`, name: "x".repeat(2_500) }));
  const first = await tokenOf(0);
  await verifier.verify(first);
  const before = await held();
  for (let place = 1; place < 900; place += 1)
    assert.equal((await verifier.verify(await tokenOf(place))).claims.jti, `t${place}`);
  const growth = (await held()) - before;
  assert.ok(growth < 900 * 1_000, `${growth} bytes`);
  // It is remembered all the same, and so are its claims from now on.
  for (let time = 2; time <= 3; time += 1) {
    const { cached, claims } = await verifier.verify(first);
    assert.deepEqual([cached, claims.jti, String(claims["name"]).length], [true, "t0", 2_500]);
  }
});

test("edge_K162_10_000_tenants_of_one_address_cost_one_fetch_and_one_memory", async () => {
  let fetches = 0;
  const { jwk } = await keyPair();
  const keys = [{ ...jwk, issuer: "https://login.example/{tenantid}/v2.0" }];
  const verifier = createVerifier({
    issuers: (issuer) => ({
      issuer,
      audience: AUDIENCE,
      algorithms: ["ES256"],
      jwksUri: "https://login.example/common/keys",
    }),
    clock: () => NOW * 1000,
    jwks: { fetch: async () => ((fetches += 1), Response.json({ keys })) },
  });
  const growth = await growthOf(10_000, async (tid) => {
    const iss = `https://login.example/${tid}/v2.0`;
    await verifier.verify(await sign(claims({ iss, tid: `${tid}` })));
  });
  assert.equal(fetches, 1);
  // A thousand tenants and a thousand tokens are remembered from the first tenth on.
  assert.ok(growth < 2 * MEGABYTE, `${growth} bytes`);
});

test("edge_J171_is_no_bigger_after_10_000_kids_that_have_an_address_each", async () => {
  const clock = new Clock();
  let fetches = 0;
  const verifier = createVerifier({
    issuers: {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ["ES256"],
      jwksUri: pemPerKey(`${ISSUER}/keys`),
    },
    clock: clock.read,
    jwks: { fetch: async () => ((fetches += 1), new Response(null, { status: 404 })) },
  });
  const [, payload, signature] = (await sign(claims({ exp: 2_000_000_000 }))).split(".");
  const growth = await growthOf(10_000, async (place) => {
    clock.forward(1);
    const header = base64url(JSON.stringify({ alg: "ES256", kid: `kid-${place}`, typ: "JWT" }));
    const error: unknown = await verifier
      .verify(`${header}.${payload}.${signature}`)
      .catch((cause: unknown) => cause);
    assert.ok(error instanceof VerifyError && /^(key|jwks)\./.test(error.code), String(error));
  });
  assert.ok(growth < MEGABYTE, `${growth} bytes`);
  assert.ok(fetches > 3_000 && fetches <= 10 * (10_000 / 30 + 1), `${fetches} fetches`);
});

test("edge_K93_is_no_bigger_after_10_000_issuers_that_a_resolver_does_not_know", async () => {
  const verifier = createVerifier({ issuers: () => null, clock: () => NOW * 1000 });
  const [header, , signature] = (await sign()).split(".");
  const growth = await growthOf(10_000, async (place) => {
    const payload = base64url(JSON.stringify(claims({ iss: `${ISSUER}/${place}` })));
    const error: unknown = await verifier
      .verify(`${header}.${payload}.${signature}`)
      .catch((cause: unknown) => cause);
    assert.ok(error instanceof VerifyError && error.code === "issuer.unknown");
  });
  assert.ok(growth < MEGABYTE, `${growth} bytes`);
});
