// Groups Z and J: keys that a locator of `tokenkeep/discovery` finds.

import assert from "node:assert/strict";
import { type DiscoverOptions, discover, pemMap, pemPerKey } from "tokenkeep/discovery";
import {
  createVerifier,
  type IssuerOptions,
  type JwksOptions,
  type KeyLocator,
  type VerifierEvent,
  type VerifierOptions,
} from "tokenkeep/edge";
import { der, pem } from "./der.ts";
import {
  AUDIENCE,
  Clock,
  claims,
  edge,
  ISSUER,
  type KeyPair,
  keyPair,
  misconfigured,
  refusal,
  refused,
  Shelf,
  sign,
  until,
} from "./kit.ts";

const FAR = { exp: 2_000_000_000 };
const KEYS = `${ISSUER}/keys`;
const DOCUMENT = `${ISSUER}/.well-known/openid-configuration`;

/** What is at which address; an address that is not there answers 404. */
class Web {
  readonly asked: string[] = [];
  readonly pages = new Map<string, () => Response | Promise<Response>>();
  readonly fetch = async (url: string): Promise<Response> => {
    this.asked.push(url);
    return this.pages.get(url)?.() ?? new Response("not found", { status: 404 });
  };
  put(url: string, page: (() => Response | Promise<Response>) | object): void {
    this.pages.set(
      url,
      typeof page === "function" ? (page as () => Response) : () => Response.json(page),
    );
  }
  times(url: string): number {
    return this.asked.filter((one) => one === url).length;
  }
}

interface Made {
  readonly web: Web;
  readonly clock: Clock;
  readonly events: VerifierEvent[];
  readonly verifier: ReturnType<typeof createVerifier>;
}

function made(
  jwksUri: KeyLocator,
  {
    web = new Web(),
    clock = new Clock(),
    jwks = {},
    ...issuer
  }: Omit<Partial<IssuerOptions>, "jwks"> & { web?: Web; clock?: Clock; jwks?: JwksOptions } = {},
): Made {
  const events: VerifierEvent[] = [];
  const verifier = createVerifier({
    issuers: { issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"], jwksUri, ...issuer },
    clock: clock.read,
    clockTolerance: 0,
    onEvent: (event) => events.push(event),
    jwks: { fetch: web.fetch, ...jwks },
  } satisfies VerifierOptions);
  return { web, clock, events, verifier };
}

let serial = 0;
/** A token that no cache of results knows. */
const tokenBy = async (kid = "k1", more: Record<string, unknown> = {}, pair?: KeyPair) =>
  sign(
    claims({ ...FAR, jti: `z${(serial += 1)}`, ...more }),
    {},
    pair ?? (await keyPair("ES256", kid)),
  );
const setOf = async (...kids: string[]) => ({
  keys: await Promise.all(kids.map(async (kid) => (await keyPair("ES256", kid)).jwk)),
});

/** A web with a document and the keys that it names. */
async function webWith(...kids: string[]): Promise<Web> {
  const web = new Web();
  web.put(DOCUMENT, { issuer: ISSUER, jwks_uri: KEYS });
  web.put(KEYS, await setOf(...kids));
  return web;
}

const DOWN = () => new Response(null, { status: 503 });

edge("edge_Z1_asks_at_the_address_that_the_issuer_and_the_type_make", async () => {
  const host = "https://auth.example";
  for (const [issuer, type, address] of [
    [host, undefined, `${host}/.well-known/openid-configuration`],
    [`${host}/`, "oidc", `${host}/.well-known/openid-configuration`],
    [`${host}/realms/a`, "oidc", `${host}/realms/a/.well-known/openid-configuration`],
    [`${host}/realms/a/`, "oidc", `${host}/realms/a/.well-known/openid-configuration`],
    [host, "oauth2", `${host}/.well-known/oauth-authorization-server`],
    [`${host}/`, "oauth2", `${host}/.well-known/oauth-authorization-server`],
    [`${host}/realms/a`, "oauth2", `${host}/.well-known/oauth-authorization-server/realms/a`],
    [`${host}/realms/a/`, "oauth2", `${host}/.well-known/oauth-authorization-server/realms/a`],
    ["http://localhost:9/a", "oidc", "http://localhost:9/a/.well-known/openid-configuration"],
  ] as const) {
    const web = new Web();
    web.put(address, { issuer, jwks_uri: KEYS });
    web.put(KEYS, await setOf("k1"));
    const options: DiscoverOptions = type === undefined ? {} : { type };
    const { verifier } = made(discover(options), { web, issuer });
    await verifier.verify(await tokenBy("k1", { iss: issuer }));
    assert.deepEqual(web.asked, [address, KEYS]);
  }
});

edge("edge_Z1_refuses_options_and_issuers_that_could_never_be_right", async () => {
  const make = (options: unknown, issuer = ISSUER) =>
    made(discover(options as DiscoverOptions), { issuer });
  for (const options of [
    { type: "saml" },
    { type: "toString" },
    { keyOrigins: "https://keys.example" },
    { keyOrigins: [""] },
    { keyOrigins: ["keys.example"] },
    { keyOrigins: ["http://keys.example"] },
    { maxBytes: 0 },
    { maxBytes: "1" },
    { typ: "oidc" },
  ])
    misconfigured(() => make(options), JSON.stringify(options));
  for (const issuer of ["issuer", "http://issuer.example", `${ISSUER}#x`, "https://a@b.example"])
    misconfigured(() => make({}, issuer), issuer);
  for (const locator of [{ kind: "discovery" }, {}, null, 7])
    misconfigured(() => made(locator as never), JSON.stringify(locator));
  misconfigured(() => made(pemMap("http://keys.example")));
  misconfigured(() => made(pemPerKey("keys")));
  await undefined;
});

edge("edge_Z340_refuses_an_issuer_with_a_query_and_keys_at_an_address_with_one_pass", async () => {
  for (const query of ["?", "?realm=a"])
    for (const type of ["oidc", "oauth2"] as const)
      misconfigured(() => made(discover({ type }), { issuer: `${ISSUER}/${query}` }), query);
  const web = await webWith();
  web.put(DOCUMENT, { issuer: ISSUER, jwks_uri: `${KEYS}?policy=p` });
  web.put(`${KEYS}?policy=p`, await setOf("k1"));
  const { verifier } = made(discover(), { web });
  await verifier.verify(await tokenBy());
});

edge("edge_Z341_says_to_name_a_tenant_where_the_metadata_are_of_many", async () => {
  const web = await webWith("k1");
  web.put(DOCUMENT, { issuer: "https://login.example/{tenantid}/v2.0", jwks_uri: KEYS });
  const { verifier } = made(discover(), { web });
  const error = await refused(verifier.verify(await tokenBy()), "discovery.mismatch");
  assert.match(error.message, /name a tenant/);
  const answer = error.response();
  assert.equal(await answer.text(), '{"error":"temporarily_unavailable"}');
});

edge("edge_Z342_asks_for_the_document_as_json", async () => {
  const web = await webWith("k1");
  const asked: (string | null)[] = [];
  const fetch = (url: string, init: RequestInit) => {
    asked.push(new Headers(init.headers).get("Accept"));
    return web.fetch(url);
  };
  const { verifier } = made(discover(), { jwks: { fetch } });
  await verifier.verify(await tokenBy());
  assert.equal(asked[0], "application/json");
  assert.match(asked[1] ?? "", /jwk-set\+json/);
});

edge("edge_Z2_takes_no_key_where_the_document_is_not_the_issuers", async () => {
  const page = (document: object) => () => Response.json(document);
  const good = { issuer: ISSUER, jwks_uri: KEYS };
  for (const [what, answer, code] of [
    ["another issuer", page({ ...good, issuer: `${ISSUER}/` }), "mismatch"],
    ["a template", page({ ...good, issuer: "https://{tenantid}.example" }), "mismatch"],
    ["no issuer", page({ jwks_uri: KEYS }), "mismatch"],
    ["http", page({ ...good, jwks_uri: "http://issuer.example/keys" }), "malformed"],
    ["user info", page({ ...good, jwks_uri: "https://a:b@issuer.example/keys" }), "malformed"],
    ["a fragment", page({ ...good, jwks_uri: `${KEYS}#x` }), "malformed"],
    ["no address", page({ issuer: ISSUER }), "malformed"],
    ["null", page(null as never), "malformed"],
    ["HTML", () => new Response("<!doctype html>"), "malformed"],
    ["an empty one", () => new Response(""), "malformed"],
    ["a foreign origin", page({ ...good, jwks_uri: "https://evil.example/keys" }), "mismatch"],
    ["204", () => new Response(null, { status: 204 }), "unreachable"],
    ["404", () => Response.json(good, { status: 404 }), "unreachable"],
    [
      "a redirect",
      () => new Response(null, { status: 302, headers: { Location: "https://evil.example" } }),
      "unreachable",
    ],
    ["503", DOWN, "unreachable"],
    ["a failure", () => Promise.reject(new TypeError("fetch failed")), "unreachable"],
    ["too much", () => new Response(" ".repeat(70_000)), "too_large"],
    ["no end", () => new Promise<Response>(() => undefined), "timeout"],
  ] as const) {
    const web = await webWith("k1");
    web.put(DOCUMENT, answer);
    const locator = discover({ keyOrigins: [ISSUER] });
    // A short one would end the others too where the machine is slow.
    const jwks = code === "timeout" ? { timeout: 40 } : {};
    const { verifier, events } = made(locator, { web, jwks });
    const error = await refused(verifier.verify(await tokenBy()), `discovery.${code}`, what);
    assert.deepEqual([error.status, error.category, error.retryable], [503, "keys", true], what);
    assert.deepEqual(web.asked, [DOCUMENT], what);
    const told = events.flatMap((event) => (event.type === "jwks" ? event.outcome : []));
    assert.deepEqual(told, ["failed"], what);
  }
});

edge("edge_Z2_takes_nothing_but_the_address_from_the_document", async () => {
  const web = await webWith("k1");
  web.put(DOCUMENT, {
    issuer: ISSUER,
    jwks_uri: KEYS,
    keys: (await setOf("k2")).keys,
    id_token_signing_alg_values_supported: ["none", "HS256", "RS256"],
    jwks: await setOf("k2"),
  });
  const { verifier } = made(discover(), { web });
  await verifier.verify(await tokenBy());
  await refused(verifier.verify(await tokenBy("k2")), "key.unknown");
  const rsa = await keyPair("RS256", "r1");
  await refused(verifier.verify(await tokenBy("r1", {}, rsa)), "alg.not_allowed");
});

edge("edge_Z3_one_document_and_one_key_set_serve_many_tokens", async () => {
  const web = await webWith("k1");
  const { verifier, events, clock } = made(discover(), { web });
  for (let count = 0; count < 5; count += 1) await verifier.verify(await tokenBy());
  const again = await tokenBy();
  await verifier.verify(again);
  assert.equal((await verifier.verify(again)).cached, true);
  assert.deepEqual(web.asked, [DOCUMENT, KEYS]);
  await verifier.prime();
  assert.deepEqual(web.asked, [DOCUMENT, KEYS]);
  clock.forward(600);
  await verifier.verify(await tokenBy());
  assert.deepEqual(web.asked, [DOCUMENT, KEYS, KEYS]);
  const told = events.flatMap((event) => (event.type === "jwks" ? [event.outcome] : []));
  assert.deepEqual(told, ["fetched", "fetched"]);
});

edge("edge_Z3_primes_with_the_document_and_finds_by_a_resolver", async () => {
  const web = await webWith("k1");
  const first = made(discover(), { web });
  await first.verifier.prime();
  assert.deepEqual(web.asked, [DOCUMENT, KEYS]);
  await first.verifier.verify(await tokenBy());
  assert.equal(web.asked.length, 2);
  // A resolver makes a new locator for each token; one that finds the same is the same.
  const clock = new Clock();
  const verifier = createVerifier({
    issuers: (issuer) => ({
      issuer,
      audience: AUDIENCE,
      algorithms: ["ES256"],
      jwksUri: discover({ keyOrigins: [ISSUER] }),
    }),
    clock: clock.read,
    jwks: { fetch: web.fetch },
  });
  const token = await tokenBy();
  await verifier.verify(token);
  assert.equal((await verifier.verify(token)).cached, true);
  await verifier.verify(await tokenBy());
  assert.equal(web.asked.length, 4);
});

edge("edge_Z4_a_document_that_is_down_stops_no_known_address", async () => {
  for (const answer of [
    DOWN,
    () => Response.json({ issuer: "https://evil.example", jwks_uri: KEYS }),
    () => new Promise<Response>(() => undefined),
  ]) {
    const web = await webWith("k1");
    // The document that never comes takes it each time; the key set has as long again.
    const { verifier, clock, events } = made(discover(), { web, jwks: { timeout: 400 } });
    await verifier.verify(await tokenBy());
    web.put(DOCUMENT, answer);
    web.put(KEYS, await setOf("k1", "k2"));
    for (let hour = 0; hour < 3; hour += 1) {
      clock.forward(3_600);
      assert.equal((await verifier.verify(await tokenBy())).keys.stale, false);
      await verifier.verify(await tokenBy("k2"));
    }
    const told = events.flatMap((event) => (event.type === "jwks" ? [event.outcome] : []));
    assert.deepEqual(told.slice(0, 3), ["fetched", "failed", "rotated"]);
  }
});

edge("edge_Z4_known_keys_go_on_to_their_ceiling_when_all_is_down", async () => {
  const web = await webWith("k1");
  const { verifier, clock } = made(discover(), { web });
  await verifier.verify(await tokenBy());
  web.put(DOCUMENT, DOWN);
  web.put(KEYS, DOWN);
  clock.forward(600 + 86_399);
  assert.equal((await verifier.verify(await tokenBy())).keys.stale, true);
  clock.forward(1);
  await refused(verifier.verify(await tokenBy()), "jwks.unreachable");
});

edge("edge_Z4_the_bundled_set_serves_while_the_document_was_never_reached", async () => {
  const web = new Web();
  web.put(DOCUMENT, DOWN);
  const issuers = {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ["ES256"] as const,
    jwksUri: discover(),
    jwks: await setOf("k1"),
  };
  const clock = new Clock();
  const verifier = createVerifier({ issuers, clock: clock.read, jwks: { fetch: web.fetch } });
  const { keys } = await verifier.verify(await tokenBy());
  assert.deepEqual([keys.source, keys.stale], ["bundled", true]);
  await refused(verifier.verify(await tokenBy("k2")), "discovery.unreachable");
  web.put(DOCUMENT, { issuer: ISSUER, jwks_uri: KEYS });
  web.put(KEYS, await setOf("k2"));
  clock.forward(60);
  await verifier.verify(await tokenBy("k2"));
  await refused(verifier.verify(await tokenBy("k1")), "key.unknown");
});

edge("edge_Z5_finds_keys_that_have_moved_within_a_cooldown", async () => {
  const moved = "https://keys.example/v2";
  const web = await webWith("k1");
  const { verifier, clock } = made(discover(), { web });
  await verifier.verify(await tokenBy());
  web.put(DOCUMENT, { issuer: ISSUER, jwks_uri: moved });
  web.put(moved, await setOf("k2"));
  web.pages.delete(KEYS);
  await refused(verifier.verify(await tokenBy("k2")), "key.unknown");
  clock.forward(30);
  await verifier.verify(await tokenBy("k2"));
  await refused(verifier.verify(await tokenBy("k1")), "key.unknown");
  assert.deepEqual(web.asked, [DOCUMENT, KEYS, KEYS, DOCUMENT, moved]);
});

edge("edge_Z5_asks_a_new_address_without_the_etag_of_the_old_one", async () => {
  const moved = "https://keys.example/v2";
  const web = await webWith("k1");
  const sent: (string | null)[] = [];
  const fetch = async (url: string, init: RequestInit) => {
    if (url !== DOCUMENT) sent.push(new Headers(init.headers).get("If-None-Match"));
    const answer = await web.fetch(url);
    return new Response(answer.body, { status: answer.status, headers: { ETag: '"1"' } });
  };
  const { verifier, clock } = made(discover(), { web, jwks: { fetch } });
  await verifier.verify(await tokenBy());
  web.put(DOCUMENT, { issuer: ISSUER, jwks_uri: moved });
  web.put(moved, await setOf("k2"));
  clock.forward(600);
  await verifier.verify(await tokenBy("k2"));
  assert.deepEqual(sent, [null, '"1"', null]);
});

edge("edge_Z350_keeps_the_document_for_an_hour_or_as_long_as_it_says", async () => {
  for (const [told, seconds] of [
    [undefined, 3_600],
    ["max-age=7200", 7_200],
    ["max-age=1", 60],
    ["max-age=999999", 86_400],
  ] as const) {
    const web = await webWith("k1");
    const headers: HeadersInit = told === undefined ? {} : { "Cache-Control": told };
    web.put(DOCUMENT, () => Response.json({ issuer: ISSUER, jwks_uri: KEYS }, { headers }));
    const { verifier, clock } = made(discover(), { web });
    await verifier.verify(await tokenBy());
    clock.forward(seconds - 1);
    await verifier.verify(await tokenBy());
    assert.equal(web.times(DOCUMENT), 1, told);
    clock.forward(1);
    await verifier.verify(await tokenBy());
    assert.equal(web.times(DOCUMENT), 2, told);
  }
});

edge("edge_Z350_asks_with_the_etag_of_the_document_and_of_the_keys", async () => {
  const web = await webWith("k1");
  const fetch = async (url: string, init: RequestInit) => {
    const etag = `"${url}"`;
    if (new Headers(init.headers).get("If-None-Match") === etag) {
      web.asked.push(`304 ${url}`);
      return new Response(null, { status: 304 });
    }
    const answer = await web.fetch(url);
    return new Response(answer.body, { headers: { ETag: etag } });
  };
  const { verifier, clock } = made(discover(), { web, jwks: { fetch } });
  for (let hour = 0; hour < 3; hour += 1) {
    await verifier.verify(await tokenBy());
    clock.forward(3_600);
  }
  const again = [`304 ${DOCUMENT}`, `304 ${KEYS}`];
  assert.deepEqual(web.asked, [DOCUMENT, KEYS, ...again, ...again]);
});

edge("edge_Z351_asks_for_the_document_when_the_keys_hold_no_such_kid", async () => {
  const web = await webWith("k1");
  const { verifier, clock } = made(discover(), { web });
  await verifier.verify(await tokenBy());
  clock.forward(30);
  // A new key at the same address: the document is not asked.
  web.put(KEYS, await setOf("k1", "k2"));
  await verifier.verify(await tokenBy("k2"));
  assert.deepEqual(web.asked, [DOCUMENT, KEYS, KEYS]);
  clock.forward(30);
  await refused(verifier.verify(await tokenBy("k3")), "key.unknown");
  assert.deepEqual(web.asked.slice(3), [KEYS, DOCUMENT]);
  await refused(verifier.verify(await tokenBy("k4")), "key.unknown");
  assert.equal(web.asked.length, 5);
});

edge("edge_Z351_follows_keys_that_moved_while_their_old_address_fails", async () => {
  const moved = "https://keys.example/v2";
  const web = await webWith("k1");
  const { verifier, clock } = made(discover(), { web, jwks: { maxStale: 0 } });
  await verifier.verify(await tokenBy());
  web.put(DOCUMENT, { issuer: ISSUER, jwks_uri: moved });
  web.put(moved, await setOf("k1"));
  web.put(KEYS, DOWN);
  clock.forward(600);
  await verifier.verify(await tokenBy());
  assert.deepEqual(web.asked.slice(2), [KEYS, DOCUMENT, moved]);
});

edge("edge_Z352_a_token_that_passed_counts_no_longer_by_the_address_that_was_left", async () => {
  const moved = "https://keys.example/v2";
  const web = await webWith("k1");
  const { verifier, clock } = made(discover(), { web });
  const token = await tokenBy();
  await verifier.verify(token);
  assert.equal((await verifier.verify(token)).cached, true);
  // The old address goes on serving the key that was withdrawn.
  web.put(DOCUMENT, { issuer: ISSUER, jwks_uri: moved });
  web.put(moved, await setOf("k2"));
  clock.forward(3_600);
  await refused(verifier.verify(token), "key.unknown");
  await refused(verifier.verify(await tokenBy()), "key.unknown");
  await verifier.verify(await tokenBy("k2"));
});

edge("edge_Z353_a_known_address_works_past_the_ceiling_of_its_document", async () => {
  const web = await webWith("k1");
  const { verifier, clock } = made(discover(), { web, jwks: { maxStale: 60 } });
  await verifier.verify(await tokenBy());
  web.put(DOCUMENT, DOWN);
  web.put(KEYS, await setOf("k2"));
  clock.forward(86_400);
  assert.equal((await verifier.verify(await tokenBy("k2"))).keys.stale, false);
  await refused(verifier.verify(await tokenBy("k1")), "key.unknown");
});

edge("edge_Z6_unknown_kids_cost_one_document_a_cooldown", async () => {
  const web = await webWith("k1");
  const { verifier, clock } = made(discover(), { web });
  await verifier.verify(await tokenBy());
  for (let second = 0; second < 300; second += 1) {
    clock.forward(1);
    const token = await sign(claims(FAR), { kid: `stranger-${second}` });
    await refused(verifier.verify(token), "key.unknown");
  }
  assert.equal(web.times(DOCUMENT), 11);
  assert.equal(web.times(KEYS), 11);
});

edge("edge_Z7_isolates_share_what_was_discovered_through_the_store", async () => {
  const store = new Shelf();
  const web = await webWith("k1");
  const clock = new Clock();
  const first = made(discover(), { web, clock, jwks: { store } });
  await first.verifier.verify(await tokenBy());
  await until(() => store.entries.size === 2);
  const idle = new Web();
  const second = made(discover(), { web: idle, clock, jwks: { store } });
  assert.equal((await second.verifier.verify(await tokenBy())).keys.source, "store");
  assert.deepEqual(idle.asked, []);
  // Not with another issuer, other origins, or who was given the same address by hand.
  for (const [locator, issuer] of [
    [discover(), `${ISSUER}/`],
    [discover({ keyOrigins: [ISSUER] }), ISSUER],
    [discover({ type: "oauth2" }), ISSUER],
    [KEYS as never, ISSUER],
    [DOCUMENT as never, ISSUER],
  ] as const) {
    const other = made(locator, { web: new Web(), clock, issuer, jwks: { store } });
    const error = await refused(
      other.verifier.verify(await tokenBy("k1", { iss: issuer })),
      typeof locator === "string" ? "jwks.unreachable" : "discovery.unreachable",
    );
    assert.equal(error.status, 503);
  }
});

edge("edge_Z7_ignores_what_is_wrong_or_older_in_the_store", async () => {
  const clock = new Clock();
  for (const copy of [
    { body: "garbage", fetchedAt: clock.now },
    { body: JSON.stringify({ issuer: ISSUER, jwks_uri: KEYS }), fetchedAt: clock.now },
    { body: JSON.stringify("http://issuer.example/keys"), fetchedAt: clock.now },
    { body: JSON.stringify({ href: KEYS }), fetchedAt: clock.now },
    { body: "7", fetchedAt: clock.now },
    { body: "", fetchedAt: clock.now },
    { body: JSON.stringify(await setOf("k2")), fetchedAt: clock.now - 90_000_000 },
  ]) {
    const store = { get: async () => copy, put: async () => undefined };
    const { verifier } = made(discover(), { web: await webWith("k1"), clock, jwks: { store } });
    await verifier.verify(await tokenBy());
    await refused(verifier.verify(await tokenBy("k2")), "key.unknown");
  }
});

const spkiOf = async ({ publicKey }: KeyPair) =>
  new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
const publicPem = async (pair: KeyPair) => pem("PUBLIC KEY", await spkiOf(pair));

/** A certificate with the parts that are read. Nobody checks its signature or its dates. */
async function certificateOf(pair: KeyPair): Promise<string> {
  const none = der(0x30);
  const signed = der(
    0x30,
    der(0xa0, der(0x02, 2)),
    der(0x02, 1),
    none,
    none,
    none,
    none,
    await spkiOf(pair),
  );
  return pem("CERTIFICATE", der(0x30, signed, none, der(0x03, 0)));
}

edge("edge_J169_takes_keys_in_PEM_from_one_address", async () => {
  const [ec, rsa] = [await keyPair("ES256", "e1"), await keyPair("RS256", "r1")];
  const p384 = await keyPair("ES384", "e3");
  const web = new Web();
  const map = {
    r1: await certificateOf(rsa),
    e1: await certificateOf(ec),
    e3: await publicPem(p384),
    odd: "no key",
  };
  let answers = 0;
  web.put(KEYS, () =>
    Response.json(map, {
      headers: { "Cache-Control": "public, max-age=3600", ETag: `"${(answers += 1)}"` },
    }),
  );
  const algorithms = ["RS256", "RS512", "ES256", "ES384"] as const;
  const { verifier, events, clock } = made(pemMap(KEYS), { web, algorithms });
  for (const pair of [rsa, ec, p384]) {
    const { key } = await verifier.verify(await tokenBy("", {}, pair));
    assert.deepEqual([key.kid, key.alg], [pair.kid, pair.alg]);
  }
  assert.deepEqual(web.asked, [KEYS]);
  const [told] = events.filter((event) => event.type === "jwks");
  assert.deepEqual(told?.type === "jwks" && [told.keys, told.skipped], [
    3,
    [{ kid: "odd", reason: "kty is missing" }],
  ]);
  await refused(verifier.verify(await tokenBy("odd")), "key.unknown");
  // The answer's own lifetime, and a rotation.
  clock.forward(3_599);
  await verifier.verify(await tokenBy("", {}, ec));
  assert.equal(web.asked.length, 1);
  clock.forward(1);
  const next = await keyPair("ES256", "e2");
  web.put(KEYS, { e2: await certificateOf(next) });
  await verifier.verify(await tokenBy("", {}, next));
  await refused(verifier.verify(await tokenBy("", {}, ec)), "key.unknown");
});

edge("edge_J169_holds_keys_in_PEM_to_the_rules_of_all_keys", async () => {
  const short = await crypto.subtle.generateKey(
    {
      name: "RSASSA-PKCS1-v1_5",
      modulusLength: 1024,
      publicExponent: Uint8Array.of(1, 0, 1),
      hash: "SHA-256",
    },
    true,
    ["sign", "verify"],
  );
  const pair = { ...short, alg: "RS256", kid: "s1", jwk: { kid: "s1", kty: "RSA" } } as KeyPair;
  const web = new Web();
  web.put(KEYS, { s1: await publicPem(pair), e1: await publicPem(await keyPair("ES256", "e1")) });
  const { verifier, events } = made(pemMap(KEYS), { web, algorithms: ["RS256", "ES256"] });
  await verifier.verify(await tokenBy("", {}, await keyPair("ES256", "e1")));
  await refused(verifier.verify(await tokenBy("s1")), "key.unknown");
  const [told] = events.filter((event) => event.type === "jwks");
  assert.deepEqual(told?.type === "jwks" && told.skipped, [
    { kid: "s1", reason: "an RSA modulus out of bounds" },
  ]);
});

edge("edge_J169_takes_nothing_else_for_a_map_of_PEM", async () => {
  for (const [what, answer, code] of [
    ["a JSON Web Key Set", async () => Response.json(await setOf("k1")), "malformed"],
    ["a map without a key", async () => Response.json({ k1: "none" }), "malformed"],
    ["an empty map", async () => Response.json({}), "malformed"],
    ["a text", async () => Response.json("k1"), "malformed"],
    ["null", async () => Response.json(null), "malformed"],
    ["no JSON", async () => new Response(await publicPem(await keyPair())), "malformed"],
    ["503", async () => DOWN(), "unreachable"],
    ["404", async () => new Response(null, { status: 404 }), "unreachable"],
  ] as const) {
    const web = new Web();
    web.put(KEYS, answer);
    const { verifier } = made(pemMap(KEYS), { web });
    await refused(verifier.verify(await tokenBy()), `jwks.${code}`, what);
  }
});

edge("edge_J170_takes_each_key_in_PEM_from_its_own_address", async () => {
  const kid = "4e8c2b1d-9a70-4f1e-8b0e-2a4b6c8d0e1f";
  const pair = await keyPair("ES256", kid);
  const web = new Web();
  web.put(`${KEYS}/${kid}`, async () => new Response(await publicPem(pair)));
  for (const base of [KEYS, `${KEYS}/`, new URL(KEYS)]) {
    web.asked.length = 0;
    const { verifier, clock } = made(pemPerKey(base), { web });
    await verifier.prime();
    assert.deepEqual(web.asked, []);
    const token = await tokenBy("", {}, pair);
    assert.equal((await verifier.verify(token)).key.kid, kid);
    assert.equal((await verifier.verify(token)).cached, true);
    await verifier.verify(await tokenBy("", {}, pair));
    assert.deepEqual(web.asked, [`${KEYS}/${kid}`]);
    clock.forward(600);
    assert.equal((await verifier.verify(token)).keys.source, "network");
    assert.equal(web.asked.length, 2);
  }
});

edge("edge_J170_asks_for_no_kid_that_is_none", async () => {
  const web = new Web();
  const { verifier } = made(pemPerKey(KEYS), { web });
  const odd = [
    "",
    "..",
    "a/b",
    "a%2Fb",
    "a?b",
    "a#b",
    "a b",
    "é",
    "a\n",
    "x".repeat(129),
    undefined,
  ];
  for (const kid of odd)
    await refused(verifier.verify(await sign(claims(FAR), { kid })), "key.unknown", kid);
  assert.deepEqual(web.asked, []);
  await refused(verifier.verify(await sign(claims(FAR), { kid: "x".repeat(128) })), "key.unknown");
  assert.equal(web.asked.length, 1);
});

edge(
  "edge_J170_says_401_for_a_key_that_is_not_there_and_503_for_what_can_not_be_known",
  async () => {
    const web = new Web();
    const { verifier } = made(pemPerKey(KEYS), { web });
    await refused(verifier.verify(await tokenBy("gone")), "key.unknown");
    web.put(`${KEYS}/down`, DOWN);
    await refused(verifier.verify(await tokenBy("down")), "jwks.unreachable");
    web.put(`${KEYS}/page`, () => new Response("<!doctype html>"));
    await refused(verifier.verify(await tokenBy("page")), "jwks.malformed");
  },
);

edge("edge_J170_withdraws_a_key_that_is_no_longer_there", async () => {
  for (const status of [403, 404, 410]) {
    const web = new Web();
    web.put(`${KEYS}/k1`, async () => new Response(await publicPem(await keyPair())));
    const { verifier, clock } = made(pemPerKey(KEYS), { web });
    await verifier.verify(await tokenBy());
    web.put(`${KEYS}/k1`, () => new Response("gone", { status }));
    clock.forward(599);
    await verifier.verify(await tokenBy());
    clock.forward(1);
    await refused(verifier.verify(await tokenBy()), "key.unknown", String(status));
  }
});

edge("edge_J354_a_key_that_S3_denies_to_have_is_unknown_and_no_outage", async () => {
  const web = new Web();
  const pair = await keyPair();
  web.put(`${KEYS}/k1`, async () => new Response(await publicPem(pair)));
  // Whatever stands in a refusal is no key.
  const denied = async () => new Response(await publicPem(pair), { status: 403 });
  web.put(`${KEYS}/k2`, denied);
  const { verifier, clock, events } = made(pemPerKey(KEYS), { web });
  await verifier.verify(await tokenBy());
  const stranger = await tokenBy("k2", {}, { ...pair, kid: "k2" });
  const error = await refused(verifier.verify(stranger), "key.unknown");
  assert.deepEqual([error.status, error.retryable], [401, false]);
  await verifier.verify(await tokenBy());
  const told = events.flatMap((event) => (event.type === "jwks" ? [event.outcome] : []));
  assert.deepEqual(told, ["fetched", "fetched"]);
  // A key that is put there is found when the cooldown is over.
  web.put(`${KEYS}/k2`, async () => new Response(await publicPem(pair)));
  await refused(verifier.verify(stranger), "key.unknown");
  clock.forward(30);
  await verifier.verify(stranger);
});

edge("edge_J354_401_429_and_500_are_outages_and_a_known_key_goes_on", async () => {
  for (const status of [400, 401, 407, 429, 500, 503]) {
    const web = new Web();
    web.put(`${KEYS}/k1`, async () => new Response(await publicPem(await keyPair())));
    const { verifier, clock } = made(pemPerKey(KEYS), { web });
    await verifier.verify(await tokenBy());
    for (const kid of ["k1", "k2"]) web.put(`${KEYS}/${kid}`, () => new Response("", { status }));
    clock.forward(600);
    assert.equal((await verifier.verify(await tokenBy())).keys.stale, true);
    await refused(verifier.verify(await tokenBy("k2")), "jwks.unreachable", String(status));
  }
});

edge("edge_J354_only_keys_that_each_have_an_address_may_be_absent", async () => {
  for (const locator of [pemMap(KEYS), discover()])
    for (const status of [403, 404, 410]) {
      const web = new Web();
      for (const url of [KEYS, DOCUMENT]) web.put(url, () => new Response("", { status }));
      const { verifier } = made(locator, { web });
      const error = await refusal(verifier.verify(await tokenBy()));
      assert.match(error.code, /^(jwks|discovery)\.unreachable$/);
    }
});

edge("edge_J171_ten_fetches_a_cooldown_are_for_unknown_kids_whatever_is_sent", async () => {
  const web = new Web();
  web.put(`${KEYS}/k1`, async () => new Response(await publicPem(await keyPair())));
  for (const slow of ["s1", "s2", "s3"]) web.put(`${KEYS}/${slow}`, DOWN);
  const { verifier, clock } = made(pemPerKey(KEYS), { web });
  await verifier.verify(await tokenBy());
  const moments: number[] = [];
  for (let second = 0; second < 120; second += 1) {
    clock.forward(1);
    const kids = [`u${second}`, `v${second}`, `w${second}`, "same", "s1", "s2", "s3"];
    for (const kid of kids) {
      const before = web.asked.length;
      const error = await refusal(verifier.verify(await sign(claims(FAR), { kid })));
      assert.match(error.code, /^(key\.unknown|jwks\.unreachable)$/);
      if (web.asked.length > before) moments.push(clock.now);
      assert.ok(web.asked.length - before <= 1);
    }
    // The known one goes on, and costs nothing.
    const before = web.asked.length;
    await verifier.verify(await tokenBy());
    assert.equal(web.asked.length, before);
  }
  for (const moment of moments) {
    const together = moments.filter((one) => one >= moment && one < moment + 30_000);
    assert.ok(together.length <= 10, `${together.length} fetches in a cooldown`);
  }
  assert.ok(moments.length > 30, `${moments.length} fetches`);
  // Past its lifetime a known key is fetched, however many strangers are sent.
  clock.forward(480);
  for (let count = 0; count < 20; count += 1)
    await refused(
      verifier.verify(await sign(claims(FAR), { kid: `x${count}` })),
      count < 10 ? "key.unknown" : "jwks.unreachable",
    );
  await verifier.verify(await tokenBy());
});

edge("edge_J171_a_new_key_is_found_when_the_cooldown_of_the_strangers_is_over", async () => {
  const web = new Web();
  web.put(`${KEYS}/k1`, async () => new Response(await publicPem(await keyPair())));
  const { verifier, clock } = made(pemPerKey(KEYS), { web });
  for (let count = 0; count < 15; count += 1)
    await verifier.verify(await sign(claims(FAR), { kid: `x${count}` })).catch(() => undefined);
  await refused(verifier.verify(await tokenBy()), "jwks.unreachable");
  clock.forward(30);
  await verifier.verify(await tokenBy());
});
