// What every place does with the package once it has imported it: real work of each half against
// the authority of the cell at `at`. Each function ends when all is well and throws when not.

/** @param {unknown} seen @param {unknown} wanted @param {string} what */
function expect(seen, wanted, what) {
  if (JSON.stringify(seen) !== JSON.stringify(wanted)) throw new Error(`${what}: ${JSON.stringify(seen)}, not ${JSON.stringify(wanted)}`);
}

/** @param {() => unknown} call @returns {Promise<string>} */
async function codeOf(call) {
  try {
    await call();
    return "none";
  } catch (error) {
    return String(/** @type {{ code?: unknown }} */ (error).code);
  }
}

/**
 * Signs in, makes an authorised call, has a withdrawn token renewed, renews, signs out.
 * @param {(options: import("tokenkeep").TokenKeepOptions) => import("tokenkeep").TokenKeep}
 * createTokenKeep
 * @param {string} at
 */
export async function exerciseClient(createTokenKeep, at) {
  const keep = createTokenKeep({
    refresh: `${at}/session/refresh`,
    logout: `${at}/session/logout`,
    origins: [new URL(at).origin],
    name: at,
  });
  expect((await keep.start()).status, "anonymous", "the first start");
  const reply = await keep.signIn(`${at}/session/sign-in`, { method: "POST" });
  expect((await reply.json()).access_token, undefined, "the token in the reply");
  const call = async () => (await (await keep.fetch(`${at}/api`)).json()).token;
  expect([keep.session.status, await call()], ["authenticated", "token-1"], "signed in");
  await fetch(`${at}/api`, { method: "DELETE" });
  expect([await call(), keep.session.generation], ["token-2", 2], "after a 401");
  await keep.refresh();
  expect(await keep.withToken((token) => token), "token-3", "renewed");
  await keep.logout();
  expect(keep.session.status, "anonymous", "signed out");
  keep.close();
  expect(await codeOf(() => keep.fetch(`${at}/api`)), "closed", "closed");
}

/**
 * Verifies what jose signed, and refuses what somebody changed.
 * @param {typeof import("tokenkeep/edge").createVerifier} createVerifier @param {string} at
 */
export async function exerciseEdge(createVerifier, at) {
  const { issuer, good, bad } = await (await fetch(`${at}/tokens`)).json();
  const verifier = createVerifier({
    issuers: { issuer, audience: "https://api.example.com", algorithms: ["ES256"], jwksUri: `${at}/jwks` },
  });
  expect((await verifier.verify(good)).claims.sub, "alice", "verified");
  expect(await codeOf(() => verifier.verify(bad)), "signature.invalid", "a changed signature");
  const door = verifier.guard((_request, _env, _ctx, auth) => Response.json({ sub: auth.claims.sub }));
  /** @param {string} token */
  const ask = async (token) => (await door(new Request("https://api.example.com/", { headers: { Authorization: `Bearer ${token}` } }), {}, { waitUntil: () => undefined })).status;
  expect([await ask(good), await ask(bad)], [200, 401], "guarded");
}

/**
 * The same behind Hono's middleware.
 * @param {typeof import("hono").Hono} Hono @param {typeof import("tokenkeep/hono").guard} guard
 * @param {typeof import("tokenkeep/edge").createVerifier} createVerifier @param {string} at
 */
export async function exerciseHono(Hono, guard, createVerifier, at) {
  const { issuer, good, bad } = await (await fetch(`${at}/tokens`)).json();
  const verifier = createVerifier({
    issuers: { issuer, audience: "https://api.example.com", algorithms: ["ES256"], jwksUri: `${at}/jwks` },
  });
  const app = new Hono().use(guard(verifier)).get("/", (c) => c.json({ sub: c.get("auth").claims.sub }));
  /** @param {string} token */
  const ask = (token) => app.request("https://api.example.com/", { headers: { Authorization: `Bearer ${token}` } });
  const [yes, no] = [await ask(good), await ask(bad)];
  expect([yes.status, (await yes.json()).sub, no.status], [200, "alice", 401], "behind Hono");
}

/**
 * Answers with the metadata, and has the verifier's own error for what is wrong.
 * @param {typeof import("tokenkeep/resource").protectedResource} protectedResource
 * @param {typeof import("tokenkeep/edge").VerifyError} VerifyError
 */
export async function exerciseResource(protectedResource, VerifyError) {
  const authorizationServers = ["https://issuer.example"];
  const made = protectedResource({ resource: "https://api.example/v1", authorizationServers });
  const answer = made.handle(new Request(made.metadataUrl));
  expect((await answer?.json()).resource, "https://api.example/v1", "the metadata");
  try {
    protectedResource({ resource: "http://api.example", authorizationServers });
  } catch (error) {
    const code = error instanceof VerifyError ? error.code : error;
    return expect(code, "config_invalid", "an odd address");
  }
  throw new Error("an odd address was taken");
}

/**
 * Answers a token that is none, as the verifier says, and has the verifier's own error.
 * @param {typeof import("tokenkeep/logout").logoutReceiver} logoutReceiver
 * @param {typeof import("tokenkeep/edge").VerifyError} VerifyError
 */
export async function exerciseLogout(logoutReceiver, VerifyError) {
  const issuer = "https://issuer.example";
  /** @type {string[]} */
  const codes = [];
  const receive = logoutReceiver({
    issuers: { issuer, audience: "shop", algorithms: ["ES256"], jwksUri: `${issuer}/jwks` },
    onLogout: () => undefined,
    onEvent: (event) => event.type === "refused" && codes.push(event.code),
  });
  const body = new URLSearchParams({ logout_token: "a.b.c" });
  const answer = await receive(new Request("https://api.example.com/", { method: "POST", body }));
  expect([answer.status, ...codes].join(), "400,token.malformed", "no token");
  try {
    logoutReceiver({ issuers: [], ttl: 900 });
  } catch (error) {
    const code = error instanceof VerifyError ? error.code : error;
    return expect(code, "config_invalid", "an odd option");
  }
  throw new Error("an odd option was taken");
}

/**
 * Asks an issuer about an opaque token, and refuses what is inactive with the verifier's own error.
 * @param {typeof import("tokenkeep/introspection").introspection} introspection
 * @param {typeof import("tokenkeep/edge").createVerifier} createVerifier
 * @param {typeof import("tokenkeep/edge").VerifyError} VerifyError
 */
export async function exerciseIntrospection(introspection, createVerifier, VerifyError) {
  const issuer = "https://issuer.example";
  const asking = introspection({
    issuer,
    audience: "api",
    endpoint: `${issuer}/introspect`,
    client: { id: "api", auth: { method: "client_secret_basic", secret: "secret" } },
    fetch: async (_, { body }) =>
      Response.json(
        String(body).includes("a-good-token")
          ? { active: true, token_type: "Bearer", aud: "api", sub: "alice" }
          : { active: false },
      ),
  });
  const verifier = createVerifier({ issuers: [], introspection: asking });
  expect((await verifier.verify("a-good-token")).claims.sub, "alice", "a good token");
  try {
    await verifier.verify("another-token");
  } catch (error) {
    const code = error instanceof VerifyError ? error.code : error;
    return expect(code, "token.inactive", "an inactive token");
  }
  throw new Error("an inactive token was taken");
}

/**
 * Decrypts the example of RFC 7516, appendix A.3, and refuses it without its last character.
 * @param {typeof import("tokenkeep/jwe").decryptCompact} decryptCompact
 * @param {typeof import("tokenkeep/edge").VerifyError} VerifyError
 */
export async function exerciseJwe(decryptCompact, VerifyError) {
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
  try {
    await decryptCompact(jwe.slice(0, -1), keys, options);
  } catch (error) {
    const code = error instanceof VerifyError ? error.code : error;
    return expect(code, "token.malformed", "a token that was cut off");
  }
  throw new Error("a token that was cut off was taken");
}

/**
 * Asks for the document of an issuer, and refuses that of another one.
 * @param {typeof import("tokenkeep/discovery").discover} discover
 * @param {typeof import("tokenkeep/edge").createVerifier} createVerifier
 */
export async function exerciseDiscovery(discover, createVerifier) {
  const issuer = "https://issuer.example";
  /** @type {string[]} */
  const asked = [];
  const fetch = async (/** @type {string} */ url) => {
    asked.push(url);
    return Response.json({ issuer: "https://other.example", jwks_uri: `${issuer}/jwks` });
  };
  const verifier = createVerifier({
    issuers: { issuer, audience: "a", algorithms: ["ES256"], jwksUri: discover() },
    jwks: { fetch },
  });
  const error = await verifier.prime().catch((cause) => cause);
  expect(error?.code, "discovery.mismatch", "a foreign document");
  expect(asked.join(), `${issuer}/.well-known/openid-configuration`, "the document");
}

/**
 * Asks a Redis of one entry, and has the verifier's own error for what is wrong.
 * @param {typeof import("tokenkeep/redis").redisRevocation} redisRevocation
 * @param {typeof import("tokenkeep/edge").VerifyError} VerifyError
 */
export async function exerciseRedis(redisRevocation, VerifyError) {
  const client = {
    getRange: async () => "{}",
    eval: async () => null,
    publish: async () => 0,
    duplicate: () => client,
    on: () => client,
  };
  const subject = { issuer: "https://issuer.example", jti: "t1", sid: null, sub: null, iat: null };
  expect(await redisRevocation(client).isRevoked(subject), true, "what can't be read");
  try {
    redisRevocation(client, { timeout: 0 });
  } catch (error) {
    const code = error instanceof VerifyError ? error.code : error;
    return expect(code, "config_invalid", "an odd option");
  }
  throw new Error("an odd option was taken");
}

/**
 * "ok", or what went wrong, of each.
 * @param {Record<string, () => Promise<void>>} works @returns {Promise<Record<string, string>>}
 */
export async function outcomes(works) {
  /** @type {Record<string, string>} */
  const seen = {};
  for (const [name, work] of Object.entries(works)) {
    seen[name] = await work().then(
      () => "ok",
      (error) => {
        const { stack = "", cause } = /** @type {Error} */ (error);
        return `${error} ${cause === undefined ? "" : `because ${cause} `}${stack.slice(0, 600)}`;
      },
    );
  }
  return seen;
}

/**
 * Scripts a fake keep, whose errors are of the package's own class, and verifies what a test's
 * issuer signs.
 * @param {Pick<typeof import("tokenkeep/testing"), "fakeKeep" | "memoryKv" | "testIssuer">} testing
 * @param {{
 *   TokenKeepError: typeof import("tokenkeep").TokenKeepError,
 *   createVerifier: typeof import("tokenkeep/edge").createVerifier,
 * }} product
 */
export async function exerciseTesting({ fakeKeep, memoryKv, testIssuer }, { TokenKeepError, createVerifier }) {
  const keep = fakeKeep({ claims: { name: "Ada" }, routes: { "/orders": [7] } });
  expect(await (await keep.fetch("/orders")).json(), [7], "a route");
  keep.signOut("rejected");
  const error = await keep.withToken(() => undefined).catch((/** @type {unknown} */ reason) => reason);
  expect(error instanceof TokenKeepError && error.code, "signed_out", "the class of its errors");
  const issuer = testIssuer();
  const verifier = createVerifier({ issuers: issuer.options, jwks: { fetch: issuer.fetch } });
  expect((await verifier.verify(await issuer.mint({ sub: "ada" }))).claims.sub, "ada", "a token");
  expect(memoryKv().keys(), [], "KV");
}
