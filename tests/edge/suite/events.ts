// Group M: what `onEvent` hears of tokens.

import assert from "node:assert/strict";
import type { Policy, VerifierEvent } from "tokenkeep/edge";
import { bench, claims, edge, ISSUER, refused, sign } from "./kit.ts";

const context = { waitUntil: (promise: Promise<unknown>) => void promise.catch(() => undefined) };
const request = (token?: string) =>
  new Request("https://api.example/x", {
    headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
  });

const VERIFIED = { type: "verified", issuer: ISSUER, tenant: "t1" };
/** Of a token whose signature held, or of one that is nobody's yet. */
const refusedAs = (code: string, category: string, isSigned: boolean) => ({
  type: "refused",
  code,
  category,
  issuer: isSigned ? ISSUER : null,
  tenant: isSigned ? "t1" : null,
});

/** A verifier of one tenant, and the events of its tokens since they were last asked for. */
async function listening(options: Parameters<typeof bench>[0] = {}) {
  const made = await bench({ issuer: { tenant: "t1" }, ...options });
  const told = () => made.events.splice(0).filter((event: VerifierEvent) => event.type !== "jwks");
  return { ...made, told };
}

edge("edge_M139_tells_each_token_once", async () => {
  const { verifier, told } = await listening();
  const token = await sign(claims({ scope: "read", org: "o1" }));
  const door = (policy: Policy) => verifier.guard(() => new Response("in"), policy);
  const ask = (policy: Policy, given?: string) => door(policy)(request(given), {}, context);
  await verifier.verify(token);
  assert.deepEqual(told(), [{ ...VERIFIED, cached: false }]);
  await verifier.authenticate(request(token), { scopes: ["read"] });
  assert.deepEqual(told(), [{ ...VERIFIED, cached: true }]);
  await ask({ scopes: ["read"], forward: { "X-Org": "org" } }, token);
  assert.deepEqual(told(), [{ ...VERIFIED, cached: true }]);

  for (const [policy, code] of [
    [{ scopes: ["admin"] }, "policy.scope"],
    [{ roles: ["admin"] }, "policy.role"],
    [{ tenant: "t2" }, "policy.tenant"],
    [{ fingerprint: () => "x" }, "policy.fingerprint"],
  ] as const) {
    await refused(verifier.authenticate(request(token), policy), code);
    assert.deepEqual(told(), [refusedAs(code, "policy", true)]);
    assert.equal((await ask(policy, token)).status, 403);
    assert.deepEqual(told(), [refusedAs(code, "policy", true)]);
  }

  assert.equal((await ask({}, undefined)).status, 401);
  assert.deepEqual(told(), [refusedAs("request.missing", "request", false)]);
  assert.equal((await ask({ optional: true }, undefined)).status, 200);
  assert.deepEqual(told(), []);
  await verifier.prime();
  await verifier.explain(token);
  assert.deepEqual(told(), []);
});

edge("edge_M139_tells_whose_a_refused_token_was_once_its_signature_held", async () => {
  let revoked = false;
  const { verifier, told, clock, endpoint } = await listening({
    revocation: { isRevoked: () => revoked },
  });
  const forged = async (payload: Record<string, unknown>) =>
    `${(await sign(claims(payload))).slice(0, -4)}AAAA`;
  for (const [token, code, isSigned] of [
    ["abc", "token.malformed", false],
    [await forged({ exp: 1 }), "signature.invalid", false],
    [await sign(claims({ iss: "https://other.example" })), "issuer.unknown", false],
    [await sign(claims({ exp: 1 })), "token.expired", true],
    [await sign(claims({ aud: "other" })), "claim.aud", true],
  ] as const) {
    // Under a header that is new, and then under one that is known.
    for (const _turn of ["new", "known"]) {
      await refused(verifier.verify(token), code);
      assert.deepEqual(told(), [refusedAs(code, "token", isSigned)]);
    }
    await verifier.verify(await sign(claims({ jti: code })));
    told();
    await refused(verifier.verify(token), code);
    assert.deepEqual(told(), [refusedAs(code, "token", isSigned)]);
  }

  const token = await sign();
  await verifier.verify(token);
  told();
  revoked = true;
  await refused(verifier.verify(token), "token.revoked");
  assert.deepEqual(told(), [refusedAs("token.revoked", "token", true)]);
  revoked = false;
  // A remembered one.
  clock.forward(901);
  endpoint.answer = () => Response.json({ keys: endpoint.keys });
  await refused(verifier.verify(token), "token.expired");
  assert.deepEqual(told(), [refusedAs("token.expired", "token", true)]);
});

edge("edge_M139_tells_a_request_that_can_not_be_handed_on_as_refused", async () => {
  const { verifier, told } = await listening();
  const door = verifier.guard(() => new Response("in"), { forward: { "X-User": "sub" } });
  const given = new Request("https://api.example/x", {
    method: "POST",
    body: "x",
    headers: { Authorization: `Bearer ${await sign()}` },
  });
  // A body that somebody reads can't be copied.
  given.body?.getReader();
  assert.equal((await door(given, {}, context)).status, 503);
  assert.deepEqual(told(), [refusedAs("runtime.failed", "runtime", false)]);
});
