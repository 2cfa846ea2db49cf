// Groups E and K: keys that name the issuer that they belong to, and issuers that share an address.

import assert from "node:assert/strict";
import { createVerifier, type IssuerOptions, type Jwk } from "tokenkeep/edge";
import {
  AUDIENCE,
  bench,
  Clock,
  claims,
  Endpoint,
  edge,
  keyPair,
  NOW,
  refused,
  Shelf,
  sign,
  until,
} from "./kit.ts";

const HOST = "https://login.example";
/** As Entra publishes it in the set that all tenants share. */
const TEMPLATE = `${HOST}/{tenantid}/v2.0`;
const COMMON = `${HOST}/common/keys`;
const issuerOf = (tenant: string) => `${HOST}/${tenant}/v2.0`;

const tenantOptions = (issuer: string): IssuerOptions => ({
  issuer,
  audience: AUDIENCE,
  algorithms: ["ES256"],
  jwksUri: COMMON,
});

const FAR = { exp: 2_000_000_000 };
let serial = 0;

/** A token of a tenant that no cache of results knows. */
const tokenOf = async (tenant: string, kid = "k1", more: Record<string, unknown> = {}) =>
  sign(
    claims({ ...FAR, iss: issuerOf(tenant), tid: tenant, jti: `a${(serial += 1)}`, ...more }),
    {},
    await keyPair("ES256", kid),
  );

/** Both ways to give the tenants: a list, and a resolver. */
const WAYS = {
  "a list": (tenants: readonly string[]) => tenants.map((one) => tenantOptions(issuerOf(one))),
  "a resolver": () => tenantOptions,
} as const;

for (const [way, issuersOf] of Object.entries(WAYS)) {
  edge(
    `edge_E160_a_key_of_a_template_verifies_the_tokens_of_its_tenant_alone, ${way}`,
    async () => {
      const endpoint = new Endpoint({ ...(await keyPair()).jwk, issuer: TEMPLATE } as Jwk);
      const verifier = createVerifier({
        issuers: issuersOf(["t1", "t2"]),
        clock: () => NOW * 1000,
        jwks: { fetch: endpoint.fetch },
      });
      // Each first under a header that is new, then under one that is known.
      for (const _turn of ["new", "known"]) {
        const good = await tokenOf("t1");
        await verifier.verify(good);
        await verifier.verify(good);
        await verifier.verify(await tokenOf("t2"));
        for (const tid of ["t2", "T1", "t1 ", "", undefined, null, 1, ["t1"], "{tenantid}"]) {
          const error = await refused(
            verifier.verify(await tokenOf("t1", "k1", { tid })),
            "claim.tid",
          );
          assert.equal(error.status, 401);
        }
        // The signature comes first.
        const forged = `${(await tokenOf("t1", "k1", { tid: "t2" })).slice(0, -4)}AAAA`;
        await refused(verifier.verify(forged), "signature.invalid");
      }
      const findings = await verifier.explain(await tokenOf("t1", "k1", { tid: "t2" }));
      assert.deepEqual(
        findings.filter(({ ok }) => !ok),
        [{ check: "tenant of the key", ok: false, detail: "claim.tid" }],
      );
      assert.ok((await verifier.explain(await tokenOf("t1"))).every(({ ok }) => ok));
      assert.equal(endpoint.fetches, 1);
    },
  );
}

edge("edge_E160_a_key_of_an_issuer_verifies_no_other_issuers_tokens", async () => {
  const [ours, theirs] = [await keyPair("ES256", "k1"), await keyPair("ES256", "k2")];
  const keys = [
    { ...ours.jwk, issuer: issuerOf("t1") },
    { ...theirs.jwk, issuer: issuerOf("t2") },
    { ...(await keyPair("ES256", "k3")).jwk, issuer: `${HOST}/{tenantid}/v1.0` },
    { ...(await keyPair("ES256", "k4")).jwk, issuer: "{tenantid}{tenantid}" },
    { ...(await keyPair("ES256", "k5")).jwk, issuer: "" },
    { ...(await keyPair("ES256", "k6")).jwk, issuer: 7 },
    { ...(await keyPair("ES256", "k7")).jwk, issuer: null },
  ] as Jwk[];
  const issuers = ["t1", "t2"].map((one) => tenantOptions(issuerOf(one)));
  for (const given of [
    issuers,
    issuers.map((one) => ({ ...one, jwksUri: undefined, jwks: { keys } }) as never),
  ]) {
    const verifier = createVerifier({
      issuers: given,
      clock: () => NOW * 1000,
      jwks: { fetch: new Endpoint(...keys).fetch },
    });
    await verifier.verify(await tokenOf("t1", "k1", { tid: undefined }));
    await verifier.verify(await tokenOf("t2", "k2"));
    // A key without an issuer is every issuer's.
    await verifier.verify(await tokenOf("t1", "k7"));
    for (const kid of ["k2", "k3", "k4", "k5", "k6"])
      await refused(verifier.verify(await tokenOf("t1", kid)), "key.unknown", kid);
    await refused(verifier.verify(await tokenOf("t2", "k1")), "key.unknown");
  }
});

edge("edge_E161_finds_an_issuers_key_among_those_of_others", async () => {
  const others = await Promise.all(
    Array.from({ length: 6 }, async (_, place) => ({
      ...(await keyPair("ES256", `other${place}`)).jwk,
      kid: "k1",
      issuer: issuerOf(`o${place}`),
    })),
  );
  const { jwk } = await keyPair();
  // The very same key under another issuer's name is another key.
  const keys = [...others, { ...jwk, issuer: issuerOf("t2") }, { ...jwk, issuer: issuerOf("t1") }];
  const verifier = createVerifier({
    issuers: tenantOptions(issuerOf("t1")),
    clock: () => NOW * 1000,
    jwks: { fetch: new Endpoint(...(keys as Jwk[])).fetch },
  });
  await verifier.verify(await tokenOf("t1"));
  const unnamed = await sign(claims({ iss: issuerOf("t1") }), { kid: undefined });
  await verifier.verify(unnamed);
});

edge("edge_K162_issuers_of_one_address_cost_one_fetch_and_one_memory", async () => {
  const endpoint = new Endpoint({ ...(await keyPair()).jwk, issuer: TEMPLATE } as Jwk);
  const clock = new Clock();
  const verifier = createVerifier({
    issuers: tenantOptions,
    clock: clock.read,
    jwks: { fetch: endpoint.fetch, cooldown: 30 },
  });
  // More tenants than a verifier remembers, and then the first of them again.
  const tenants = Array.from({ length: 1_200 }, (_, place) => `t${place}`);
  for (const tenant of [...tenants, "t0", "t1"]) await verifier.verify(await tokenOf(tenant));
  assert.equal(endpoint.fetches, 1);
  // An unknown kid of one tenant is looked for on behalf of all.
  clock.forward(30);
  for (const tenant of ["t3", "t4", "t5"])
    await refused(verifier.verify(await tokenOf(tenant, "k2")), "key.unknown");
  assert.equal(endpoint.fetches, 2);
  clock.forward(600);
  for (const tenant of ["t6", "t7"]) await verifier.verify(await tokenOf(tenant));
  assert.equal(endpoint.fetches, 3);
});

edge("edge_K162_primes_an_address_once", async () => {
  const endpoint = new Endpoint((await keyPair()).jwk);
  const verifier = createVerifier({
    issuers: ["t1", "t2", "t3"].map((one) => tenantOptions(issuerOf(one))),
    clock: () => NOW * 1000,
    jwks: { fetch: endpoint.fetch },
  });
  await verifier.prime();
  assert.equal(endpoint.fetches, 1);
});

edge("edge_K162_tells_of_a_fetch_for_the_issuer_that_caused_it", async () => {
  const told: unknown[] = [];
  const verifier = createVerifier({
    issuers: ["t1", "t2"].map((one) => tenantOptions(issuerOf(one))),
    clock: () => NOW * 1000,
    jwks: { fetch: new Endpoint((await keyPair()).jwk).fetch },
    onEvent: (event) => event.type === "jwks" && told.push([event.issuer, event.outcome]),
  });
  await verifier.verify(await tokenOf("t2"));
  await verifier.verify(await tokenOf("t1"));
  assert.deepEqual(told, [[issuerOf("t2"), "fetched"]]);
});

edge("edge_K163_issuers_of_one_address_have_one_entry_in_the_store", async () => {
  const store = new Shelf();
  const make = (endpoint: Endpoint) =>
    createVerifier({
      issuers: tenantOptions,
      clock: () => NOW * 1000,
      jwks: { fetch: endpoint.fetch, store },
    });
  const endpoint = new Endpoint((await keyPair()).jwk);
  await make(endpoint).verify(await tokenOf("t1"));
  await until(() => store.entries.size === 1);
  const idle = new Endpoint();
  const { keys } = await make(idle).verify(await tokenOf("t2"));
  assert.deepEqual([keys.source, idle.fetches, store.asked.size], ["store", 0, 1]);
});

edge("edge_K163_reads_no_copy_that_an_older_version_left_for_one_issuer", async () => {
  // Those were kept by issuer and address.
  const parts = JSON.stringify([issuerOf("t1"), COMMON]);
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(parts));
  const key = [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const store = new Shelf();
  const body = JSON.stringify({ keys: [(await keyPair("ES256", "old")).jwk] });
  await store.put(key, { body, fetchedAt: NOW * 1000 });
  const endpoint = new Endpoint((await keyPair()).jwk);
  const verifier = createVerifier({
    issuers: tenantOptions(issuerOf("t1")),
    clock: () => NOW * 1000,
    jwks: { fetch: endpoint.fetch, store },
  });
  await verifier.verify(await tokenOf("t1"));
  assert.deepEqual([endpoint.fetches, store.asked.has(key)], [1, false]);
});

edge("edge_K164_a_bundled_set_serves_its_own_issuer_alone", async () => {
  const bundle = async (kid: string) => ({ keys: [(await keyPair("ES256", kid)).jwk] });
  const clock = new Clock();
  const endpoint = new Endpoint(...(await bundle("k1")).keys);
  endpoint.answer = () => new Response(null, { status: 503 });
  const verifier = createVerifier({
    issuers: [
      { ...tenantOptions(issuerOf("a")), jwks: await bundle("ka") },
      tenantOptions(issuerOf("b")),
      { ...tenantOptions(issuerOf("c")), jwks: await bundle("kc") },
    ],
    clock: clock.read,
    jwks: { fetch: endpoint.fetch },
  });
  const ask = async (tenant: string, kid: string) => verifier.verify(await tokenOf(tenant, kid));
  for (const _turn of ["cold", "later"]) {
    assert.equal((await ask("a", "ka")).keys.source, "bundled");
    await refused(ask("b", "ka"), "jwks.unreachable");
    assert.equal((await ask("c", "kc")).keys.source, "bundled");
    await refused(ask("c", "ka"), "jwks.unreachable");
    await refused(ask("a", "kc"), "jwks.unreachable");
    clock.forward(60);
  }
  endpoint.answer = () => Response.json({ keys: endpoint.keys });
  clock.forward(60);
  for (const tenant of ["a", "b", "c"]) await ask(tenant, "k1");
  await refused(ask("a", "ka"), "key.unknown");
});

edge("edge_K165_an_address_in_use_is_kept_however_many_others_there_are", async () => {
  const endpoint = new Endpoint((await keyPair()).jwk);
  const verifier = createVerifier({
    issuers: (issuer) => ({
      ...tenantOptions(issuer),
      jwksUri: /own/.test(issuer) ? `${issuer}/keys` : COMMON,
    }),
    clock: () => NOW * 1000,
    jwks: { fetch: endpoint.fetch },
  });
  const commonFetches = () => endpoint.requests.filter(({ url }) => url === COMMON).length;
  await verifier.verify(await tokenOf("t0"));
  for (let place = 0; place < 1_100; place += 1) {
    await verifier.verify(await tokenOf(`own${place}`));
    if (place % 400 === 0) await verifier.verify(await tokenOf("t0"));
  }
  await verifier.verify(await tokenOf("t1"));
  assert.equal(commonFetches(), 1);
});

edge("edge_J166_takes_key_sets_by_http_where_it_is_allowed", async () => {
  const { jwk } = await keyPair();
  for (const [jwksUri, allowHttp, isGood] of [
    ["http://keys.internal/jwks", true, true],
    ["https://keys.internal/jwks", true, true],
    ["http://keys.internal/jwks", false, false],
    ["ftp://keys.internal/jwks", true, false],
    ["http://user@keys.internal/jwks", true, false],
    ["http://keys.internal/jwks#x", true, false],
  ] as const) {
    const made = bench({ keys: [jwk], issuer: { jwksUri }, jwks: { allowHttp } });
    if (isGood) await (await made).verifier.verify(await sign());
    else await refused(made, "config_invalid", jwksUri);
  }
  await refused(bench({ jwks: { allowHttp: 1 as never } }), "config_invalid");
});
