// The verifier at work against the authority of the cell at `at`.

import { createVerifier } from "tokenkeep/edge";
import { codeOf, expect } from "./outcomes.js";

export const API = "https://api.example.com";

/** @param {string} at */
export const tokensOf = async (at) => (await fetch(`${at}/tokens`)).json();

/** @param {string} at @param {string} issuer @returns {import("tokenkeep/edge").IssuerOptions} */
export const issuerAt = (at, issuer) => ({
  issuer,
  audience: API,
  algorithms: ["ES256"],
  jwksUri: `${at}/jwks`,
});

/** @param {string} token */
export const withToken = (token) => ({ headers: { Authorization: `Bearer ${token}` } });

/** Verifies what jose signed, and refuses what somebody changed. @param {string} at */
export async function exerciseEdge(at) {
  const { issuer, good, bad } = await tokensOf(at);
  const verifier = createVerifier({ issuers: issuerAt(at, issuer) });
  expect((await verifier.verify(good)).claims.sub, "alice", "verified");
  expect(await codeOf(() => verifier.verify(bad)), "signature.invalid", "a changed signature");
  const door = verifier.guard((_request, _env, _ctx, auth) =>
    Response.json({ sub: auth.claims.sub }),
  );
  /** @param {string} token */
  const ask = async (token) =>
    (await door(new Request(`${API}/`, withToken(token)), {}, { waitUntil: () => undefined }))
      .status;
  expect([await ask(good), await ask(bad)], [200, 401], "guarded");
}
