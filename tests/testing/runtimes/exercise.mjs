// What `tokenkeep/testing` does in every place where people run tests. Each part ends with what a
// test would see.

/**
 * @param {typeof import("tokenkeep/testing")} testing
 * @param {typeof import("tokenkeep/edge")} edge
 */
export async function exercise({ fakeKeep, fakeToken, memoryKv, testIssuer }, edge) {
  const keep = fakeKeep({
    claims: { name: "Ada" },
    routes: {
      "/orders": [{ id: 7 }],
      "POST /sign-in": async (request) => ({ access_token: fakeToken(await request.json()) }),
      "/refused": (request) => (request.headers.get("Authorization") === first ? 401 : 200),
    },
  });
  const { generation } = await keep.start();
  const first = await keep.withToken((token) => `Bearer ${token}`);
  const abort = new AbortController();
  const orders = await keep.fetch("/orders", { signal: abort.signal });
  const refused = await keep.fetch("/refused");
  await keep.signIn("/sign-in", { method: "POST", body: JSON.stringify({ name: "Bob" }) });
  const name = keep.session.claims?.["name"];
  keep.signOut("logout-elsewhere");

  const kv = memoryKv();
  const issuer = testIssuer();
  const revocation = edge.kvRevocation(kv);
  const verifier = edge.createVerifier({
    issuers: issuer.options,
    revocation,
    jwks: { fetch: issuer.fetch, store: edge.kvJwksStore(kv) },
  });
  const { claims } = await verifier.verify(await issuer.mint({ sub: "ada" }));
  const refusal = await verifier
    .verify(await issuer.mint({ aud: "other" }))
    .catch((error) => error.code);
  // Nobody's answer waits for the store.
  for (let looks = 0; kv.keys().length === 0 && looks < 1_000; looks += 1)
    await new Promise((resolve) => setTimeout(resolve, 10));
  return {
    orders: await orders.json(),
    tokens: [generation, refused.status, keep.requests.length],
    name,
    reason: keep.session.reason,
    sub: claims.sub,
    refusal,
    stored: kv.keys().length,
  };
}
