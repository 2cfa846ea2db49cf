// What a server does with the package, wherever it runs: each entry at work against the authority
// of the cell at `at`.

import { Hono } from "hono";
import { discover } from "tokenkeep/discovery";
import { createVerifier, memoryRevocation, VerifyError } from "tokenkeep/edge";
import { guard } from "tokenkeep/hono";
import { decryptCompact } from "tokenkeep/jwe";
import { logoutReceiver } from "tokenkeep/logout";
import { protectedResource } from "tokenkeep/resource";
import { exerciseIntrospection, exerciseMediator, exerciseService } from "./oauth.js";
import { codeOf, codeOfA, expect } from "./outcomes.js";
import { API, exerciseEdge, issuerAt, tokensOf, withToken } from "./verifier.js";

/** @param {string} at @returns {Record<string, () => Promise<unknown>>} */
export const serverWorks = (at) => ({
  edge: () => exerciseEdge(at),
  discovery: () => exerciseDiscovery(at),
  hono: () => exerciseHono(at),
  introspection: () => exerciseIntrospection(at),
  jwe: () => exerciseJwe(),
  logout: () => exerciseLogout(at),
  mediator: () => exerciseMediator(at),
  resource: () => exerciseResource(),
  service: () => exerciseService(at),
});

/** The same behind Hono's middleware. @param {string} at */
async function exerciseHono(at) {
  const { issuer, good, bad } = await tokensOf(at);
  const app = new Hono()
    .use(guard(createVerifier({ issuers: issuerAt(at, issuer) })))
    .get("/", (c) => c.json({ sub: c.get("auth").claims.sub }));
  const [yes, no] = [
    await app.request(`${API}/`, withToken(good)),
    await app.request(`${API}/`, withToken(bad)),
  ];
  expect([yes.status, (await yes.json()).sub, no.status], [200, "alice", 401], "behind Hono");
}

/** Answers with the metadata, and has the verifier's own error for what is wrong. */
async function exerciseResource() {
  const authorizationServers = ["https://issuer.example"];
  const made = protectedResource({ resource: "https://api.example/v1", authorizationServers });
  const answer = made.handle(new Request(made.metadataUrl));
  expect((await answer?.json()).resource, "https://api.example/v1", "the metadata");
  const code = await codeOfA(VerifyError, async () =>
    protectedResource({ resource: "http://api.example", authorizationServers }),
  );
  expect(code, "config_invalid", "an odd address");
}

/** Takes a logout token, after which the session's token is refused. @param {string} at */
async function exerciseLogout(at) {
  const { issuer, good, logout } = await tokensOf(at);
  const revocation = memoryRevocation();
  const issuers = issuerAt(at, issuer);
  const receive = logoutReceiver({ issuers, revoker: revocation, ttl: 900 });
  const verifier = createVerifier({ issuers, revocation });
  expect((await verifier.verify(good)).claims.sub, "alice", "before");
  /** @param {string} token */
  const tell = async (token) => {
    const body = new URLSearchParams({ logout_token: token });
    return (await receive(new Request(`${API}/`, { method: "POST", body }))).status;
  };
  expect([await tell("a.b.c"), await tell(logout)], [400, 200], "no token, and one");
  expect(await codeOfA(VerifyError, () => verifier.verify(good)), "token.revoked", "after");
}

/** Decrypts the example of RFC 7516, appendix A.3, and refuses it without its last character. */
async function exerciseJwe() {
  const jwe = [
    "eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0",
    "6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ",
    "AxY8DCtDaGlsbGljb3RoZQ",
    "KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY",
    "U0m_YmjN04DJvceFICbCVQ",
  ].join(".");
  const keys = [{ key: { kty: "oct", k: "GawgguFyGrWKav7AX4VKUg" } }];
  /** @type {Parameters<typeof decryptCompact>[2]} */
  const options = { keyManagement: ["A128KW"], contentEncryption: ["A128CBC-HS256"] };
  const { plaintext } = await decryptCompact(jwe, keys, options);
  expect(new TextDecoder().decode(plaintext), "Live long and prosper.", "the example");
  const code = await codeOfA(VerifyError, () => decryptCompact(jwe.slice(0, -1), keys, options));
  expect(code, "token.malformed", "a token that was cut off");
}

/**
 * Finds the keys of a provider by its document, and refuses the document of another issuer.
 * @param {string} at
 */
async function exerciseDiscovery(at) {
  const { oidc } = await (await fetch(`${at}/about`)).json();
  const issuerOf = (/** @type {string} */ issuer) =>
    createVerifier({
      issuers: { issuer, audience: "a", algorithms: ["ES256"], jwksUri: discover() },
    });
  await issuerOf(oidc.issuer).prime();
  const other = issuerOf(oidc.issuer.replace("127.0.0.1", "localhost"));
  expect(await codeOf(() => other.prime()), "discovery.mismatch", "a foreign document");
}
