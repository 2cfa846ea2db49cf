// Group Z: the metadata of a protected resource (RFC 9728), and what leads a client to them.

import assert from "node:assert/strict";
import { createVerifier, VerifyError } from "tokenkeep/edge";
import { type ProtectedResourceOptions, protectedResource } from "tokenkeep/resource";
import { AUDIENCE, bench, edge, ISSUER, misconfigured } from "./kit.ts";

const context = { waitUntil: (promise: Promise<unknown>) => void promise.catch(() => undefined) };
const made = (more: Partial<ProtectedResourceOptions> = {}) =>
  protectedResource({ resource: AUDIENCE, authorizationServers: [ISSUER], ...more });
const ask = (resource: ReturnType<typeof made>, method = "GET") =>
  resource.handle(new Request(resource.metadataUrl, { method }));
const documentOf = async (more: Partial<ProtectedResourceOptions>) => {
  const answer = ask(made(more));
  return (await (answer ?? assert.fail("no answer")).json()) as Record<string, unknown>;
};

edge("edge_Z8_puts_the_metadata_between_host_and_path", () => {
  const wellKnown = ".well-known/oauth-protected-resource";
  for (const [resource, address] of [
    ["https://api.example", `https://api.example/${wellKnown}`],
    ["https://api.example/", `https://api.example/${wellKnown}`],
    ["https://api.example/v1", `https://api.example/${wellKnown}/v1`],
    ["https://api.example/v1/", `https://api.example/${wellKnown}/v1/`],
    ["https://api.example:8443/a/b", `https://api.example:8443/${wellKnown}/a/b`],
    ["http://localhost:8787/mcp", `http://localhost:8787/${wellKnown}/mcp`],
  ] as const) {
    const one = made({ resource });
    assert.equal(one.metadataUrl, address);
    assert.notEqual(ask(one), null);
    // Behind a proxy a server knows itself by another name.
    const inside = new URL(new URL(address).pathname, "http://127.0.0.1:8080");
    assert.notEqual(one.handle(new Request(`${inside}?a=1`)), null);
    for (const other of [resource, `${address}/x`, "https://api.example/.well-known/other"])
      assert.equal(one.handle(new Request(other)), null, other);
  }
  return Promise.resolve();
});

edge("edge_Z8_says_what_was_given_and_nothing_that_is_empty", async () => {
  assert.deepEqual(await documentOf({}), {
    resource: AUDIENCE,
    authorization_servers: [ISSUER],
    bearer_methods_supported: ["header"],
  });
  assert.deepEqual(
    await documentOf({ scopes: [], signingAlgorithms: [], dpop: { algorithms: [] } }),
    await documentOf({}),
  );
  assert.deepEqual(
    await documentOf({
      resource: "https://api.example/v1",
      authorizationServers: [ISSUER, "https://other.example/realms/a"],
      scopes: ["read", "https://scopes.example/write"],
      jwksUri: "https://api.example/jwks.json",
      name: 'The "API"',
      documentation: "https://docs.example/@api?page=1#top",
      policy: "https://docs.example/policy",
      terms: "https://docs.example/terms",
      signingAlgorithms: ["ES256"],
      dpop: { algorithms: ["ES256", "EdDSA"], required: true },
    }),
    {
      resource: "https://api.example/v1",
      authorization_servers: [ISSUER, "https://other.example/realms/a"],
      scopes_supported: ["read", "https://scopes.example/write"],
      jwks_uri: "https://api.example/jwks.json",
      bearer_methods_supported: ["header"],
      resource_name: 'The "API"',
      resource_documentation: "https://docs.example/@api?page=1#top",
      resource_policy_uri: "https://docs.example/policy",
      resource_tos_uri: "https://docs.example/terms",
      resource_signing_alg_values_supported: ["ES256"],
      dpop_signing_alg_values_supported: ["ES256", "EdDSA"],
      dpop_bound_access_tokens_required: true,
    },
  );
});

edge("edge_Z8_answers_get_and_head_and_preflights_of_any_site", async () => {
  const resource = made({ maxAge: 60 });
  for (const method of ["GET", "HEAD", "OPTIONS"]) {
    const answer = ask(resource, method) ?? assert.fail(method);
    assert.equal(answer.status, 200);
    const names = ["Origin", "Headers"].map((name) => `Access-Control-Allow-${name}`);
    assert.deepEqual(
      [...names, "Cache-Control", "Content-Type"].map((name) => answer.headers.get(name)),
      ["*", "*", "public, max-age=60", "application/json"],
    );
    assert.equal((await answer.text()) === "", method !== "GET");
  }
  for (const method of ["POST", "PUT", "DELETE", "PATCH"])
    assert.equal(ask(resource, method), null, method);
  assert.match(ask(made())?.headers.get("Cache-Control") ?? "", /^public, max-age=3600$/);
  // Each answer can be read, however many were asked for.
  assert.equal(await ask(resource)?.text(), await ask(resource)?.text());
});

edge("edge_Z8_is_what_a_challenge_names", async () => {
  const { verifier } = await bench();
  const resource = made();
  const guarded = verifier.guard(() => new Response("in"), {
    resourceMetadata: resource.metadataUrl,
  });
  const fetched = async (request: Request) =>
    resource.handle(request) ?? (await guarded(request, {}, context));
  const refused = await fetched(new Request(`${AUDIENCE}/x`));
  const [, address = ""] =
    /resource_metadata="([^"]+)"/.exec(refused.headers.get("WWW-Authenticate") ?? "") ?? [];
  const found = await fetched(new Request(address));
  assert.equal(((await found.json()) as { resource: string }).resource, AUDIENCE);
});

edge("edge_Z8_refuses_options_that_could_never_be_right", async () => {
  const odd: readonly object[] = [
    { resource: undefined },
    { resource: "" },
    { resource: "api.example" },
    { resource: "http://api.example" },
    { resource: "http://localhost.example" },
    { resource: "ftp://api.example" },
    { resource: "https://user@api.example" },
    { resource: "https://api.example?tenant=1" },
    { resource: "https://api.example/v1?tenant=1" },
    { resource: "https://api.example/v1#top" },
    { resource: "https://api.example\\v1" },
    { resource: " https://api.example" },
    { resource: "https://api.example\n" },
    { resource: "https://[api" },
    { resource: "https://api.example:99999" },
    { resource: 7 },
    { authorizationServers: undefined },
    { authorizationServers: ISSUER },
    { authorizationServers: [ISSUER, "other"] },
    { authorizationServers: [`${ISSUER}?a=1`] },
    { authorizationServers: Array(1) },
    { scopes: "read" },
    { scopes: [""] },
    { scopes: [7] },
    { scope: ["read"] },
    { jwksUri: "/jwks.json" },
    { jwksUri: "javascript:alert(1)" },
    { documentation: 'https://docs.example/"x' },
    { name: "" },
    { name: ["a"] },
    { signingAlgorithms: ["none"] },
    { dpop: { algorithms: ["none"] } },
    { dpop: { algorithms: ["ES256"], required: "yes" } },
    { dpop: { require: true } },
    { maxAge: -1 },
    { maxAge: 1.5 },
    { maxAge: Number.NaN },
    { maxAge: null },
    { maxAge: "a" },
    { constructor: "x" },
  ];
  for (const more of odd) misconfigured(() => made(more), JSON.stringify(more));
  misconfigured(() => protectedResource(undefined as never));
  // What another's code has given every object counts for nothing.
  const shared = Object.prototype as unknown as Record<string, unknown>;
  const inherited = {
    name: "inherited",
    dpop: { required: true },
    maxAge: 1,
    extra: ["extra", /./],
  };
  Object.assign(shared, inherited);
  try {
    assert.deepEqual(Object.keys(await documentOf({})).sort(), [
      "authorization_servers",
      "bearer_methods_supported",
      "resource",
    ]);
    assert.match(ask(made())?.headers.get("Cache-Control") ?? "", /3600/);
    misconfigured(() => made({ extra: "x" } as object));
  } finally {
    for (const name of Object.keys(inherited)) delete shared[name];
  }
  assert.ok(VerifyError.prototype instanceof Error);
});

edge("edge_J357_one_rule_says_what_this_machine_is", async () => {
  const verifierAt = (jwksUri: string) =>
    createVerifier({
      issuers: { issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"], jwksUri },
    });
  for (const host of ["localhost", "127.0.0.1", "127.0.0.2", "127.255.1.1", "[::1]"])
    for (const address of [`http://${host}/a`, `http://${host}:8080/a`]) {
      assert.ok(made({ resource: address, jwksUri: address }).metadataUrl.startsWith("http://"));
      verifierAt(address);
    }
  for (const host of [
    "127.0.0.1.example",
    "127.example",
    "1270.0.0.1",
    "128.0.0.1",
    "10.0.0.1",
    "[::2]",
    "localhost.example",
    "local",
    "0.0.0.0",
  ])
    for (const address of [`http://${host}/a`, `http://${host}:8080/a`]) {
      misconfigured(() => made({ resource: address }), address);
      misconfigured(() => made({ jwksUri: address }), address);
      misconfigured(() => verifierAt(address), address);
    }
  await undefined;
});
