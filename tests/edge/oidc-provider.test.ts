// Against an authority that nobody here wrote: the certified oidc-provider issues access tokens of
// RFC 9068 through the client credentials flow; discovery and key set are its own, and its keys
// rotate while verifications run without pause.

import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { setImmediate as breath } from "node:timers/promises";
import * as panva from "dpop";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import Provider from "oidc-provider";
import { discover } from "tokenkeep/discovery";
import {
  createVerifier,
  type Verifier,
  type VerifierEvent,
  type VerifierOptions,
  VerifyError,
} from "tokenkeep/edge";

const RESOURCE = "https://api.example";
const CLIENT = { client_id: "service", client_secret: "a-secret-of-the-test-and-of-nothing-else" };

/** Of nonces. */
const SECRET = new Uint8Array(32).fill(7);

let answer: RequestListener = (_request, response) => response.end();
let keySetRequests = 0;
const server = createServer((request, response) => {
  if (request.url === "/jwks") keySetRequests += 1;
  answer(request, response);
});
let issuer = "";
let keys: JWK[] = [];

async function privateKey(kid: string): Promise<JWK> {
  const pair = await generateKeyPair("ES256", { extractable: true });
  return { ...(await exportJWK(pair.privateKey)), kid, alg: "ES256", use: "sig" };
}

/** The provider with these keys, the first of which signs; others stay published. */
function serveWith(...wanted: JWK[]): void {
  keys = wanted;
  const provider = new Provider(issuer, {
    clients: [
      {
        ...CLIENT,
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: "ES256",
      },
    ],
    jwks: { keys: keys as never },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      dPoP: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: "read write",
          audience: RESOURCE,
          accessTokenFormat: "jwt",
          accessTokenTTL: 3_600,
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
  });
  answer = provider.callback();
}

async function tokenOf(proof?: string): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: "POST",
    headers: {
      Authorization: `Basic ${btoa(`${CLIENT.client_id}:${CLIENT.client_secret}`)}`,
      ...(proof === undefined ? {} : { DPoP: proof }),
    },
    body: new URLSearchParams({
      grant_type: "client_credentials",
      scope: "read",
      resource: RESOURCE,
    }),
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return (JSON.parse(text) as { access_token: string }).access_token;
}

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => new Promise((resolve) => server.close(resolve)));

async function verifierFor(options: Partial<VerifierOptions> = {}): Promise<Verifier> {
  const discovered = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as {
    issuer: string;
    jwks_uri: string;
  };
  assert.equal(discovered.issuer, issuer);
  return createVerifier({
    issuers: { issuer, audience: RESOURCE, algorithms: ["ES256"], jwksUri: discovered.jwks_uri },
    profile: "access-token",
    ...options,
  });
}

test("edge_interop_takes_the_access_tokens_of_oidc_provider", async () => {
  serveWith(await privateKey("first"));
  const { claims, key, scopes } = await (await verifierFor()).verify(await tokenOf());
  assert.deepEqual([claims["client_id"], key.kid, [...scopes]], ["service", "first", ["read"]]);
});

test("edge_Q314_takes_the_bound_tokens_of_oidc_provider_with_their_proofs", async () => {
  serveWith(await privateKey("first"));
  const verifier = await verifierFor({
    dpop: { algorithms: ["ES256"], nonce: { secret: SECRET } },
  });
  const [pair, thief] = [
    await panva.generateKeyPair("ES256"),
    await panva.generateKeyPair("ES256"),
  ];
  const token = await tokenOf(await panva.generateProof(pair, `${issuer}/token`, "POST"));
  const url = `${RESOURCE}/things`;
  const ask = async (keys: panva.KeyPair, nonce?: string) => {
    const proof = await panva.generateProof(keys, url, "GET", nonce, token);
    const headers = { Authorization: `DPoP ${token}`, DPoP: proof };
    return verifier.authenticate(new Request(url, { headers }));
  };
  let nonce: string | undefined;
  await assert.rejects(ask(pair), (error) => {
    assert.ok(error instanceof VerifyError && error.code === "proof.nonce");
    nonce = error.dpopNonce;
    return true;
  });
  const { confirmation } = await ask(pair, nonce);
  assert.deepEqual(confirmation, { jkt: await panva.calculateThumbprint(pair.publicKey) });
  const is = (code: string) => (error: unknown) =>
    error instanceof VerifyError && error.code === code;
  await assert.rejects(ask(thief, nonce), is("proof.binding"));
  await assert.rejects(verifier.verify(token), is("token.bound"));
  const plain = await tokenOf();
  assert.equal((await verifier.verify(plain)).confirmation, null);
});

/**
 * One verification under load: when it began, in virtual seconds, whose key had signed, and what
 * came of it.
 */
interface Trial {
  readonly at: number;
  readonly kid: string;
  readonly code: "accepted" | string;
}

const COOLDOWN = 30;
const MAX_AGE = 120;

for (const way of ["waiting for the refresh", "with a context, served stale meanwhile"] as const) {
  test(`edge_interop_refuses_no_good_token_and_takes_no_removed_key_while_keys_rotate_under_load, ${way}`, async () => {
    const context = way.startsWith("with")
      ? { waitUntil: (promise: Promise<unknown>) => void promise.catch(() => undefined) }
      : undefined;
    const began = Date.now();
    // Time passes by the load alone: what is shown does not hang on how fast this machine is.
    let elapsed = 0;
    let issuing = false;
    const fetched: { at: number; keys: number }[] = [];
    const onEvent = (event: VerifierEvent) => {
      if (event.type === "jwks" && event.outcome !== "served-stale")
        fetched.push({ at: elapsed, keys: event.keys ?? 0 });
    };
    keySetRequests = 0;
    const verifier = await verifierFor({
      clock: () => began + elapsed * 1000,
      onEvent,
      jwks: { cooldown: COOLDOWN, maxAge: MAX_AGE },
    });

    const tokens: { kid: string; token: string }[] = [];
    const trials: Trial[] = [];
    let running = true;
    const worker = async (first: number) => {
      for (let turn = first; running; turn += 1) {
        const at = (elapsed += issuing ? 0 : 0.02);
        const { kid, token } = tokens[turn % tokens.length] ?? assert.fail("no token");
        const code = await verifier.verify(token, context).then(
          ({ key }) => (key.kid === kid ? "accepted" : "another key"),
          (error: unknown) => (error instanceof VerifyError ? error.code : String(error)),
        );
        trials.push({ at, kid, code });
        await breath();
      }
    };
    const issue = async (kid: string) => {
      // Time stands meanwhile, the load does not.
      issuing = true;
      for (let count = 0; count < 10; count += 1) tokens.push({ kid, token: await tokenOf() });
      issuing = false;
    };
    const until = async (moment: number) => {
      while (elapsed < moment) await breath();
    };

    const [old, next] = [await privateKey("old"), await privateKey("new")];
    serveWith(old);
    await issue("old");
    const load = Promise.all([0, 3, 6, 9].map(worker));
    await until(10);
    serveWith(next, old);
    const introduced = elapsed;
    await issue("new");
    await until(100);
    serveWith(next);
    const removed = elapsed;
    await until(removed + MAX_AGE + COOLDOWN + 10);
    running = false;
    await load;

    const those = (kid: string, code: string) =>
      trials.filter((trial) => trial.kid === kid && trial.code === code);
    const codes = [...new Set(trials.map(({ code }) => code))].sort();
    assert.deepEqual(codes, ["accepted", "key.unknown"], "nothing else ever came of it");

    // Old key, then both: good tokens are refused only until the cooldown of the cold fetch is
    // over.
    const early = those("new", "key.unknown");
    const [cold, second] = fetched;
    assert.ok(cold !== undefined && second !== undefined);
    assert.deepEqual([cold.keys, second.keys], [1, 2]);
    assert.ok(
      early.length > 0 && early.every(({ at }) => at >= introduced && at < cold.at + COOLDOWN + 1),
      "only within the cooldown",
    );
    assert.ok(those("new", "accepted").length > 1_000);

    // New alone: the old key counts until the refresh, which comes within the set's lifetime, and
    // never after it.
    const refresh = fetched.find(({ at, keys: count }) => at > removed && count === 1);
    assert.ok(
      refresh !== undefined && refresh.at < removed + MAX_AGE + COOLDOWN,
      "the refresh came in time",
    );
    const late = those("old", "key.unknown");
    assert.ok(late.length > 100 && late.every(({ at }) => at > removed));
    assert.ok(
      those("old", "accepted").some(({ at }) => at > removed),
      "the load went on between removal and refresh",
    );
    assert.deepEqual(
      those("old", "accepted").filter(({ at }) => at > refresh.at),
      [],
      "after the refresh",
    );

    // And all that at the price of a fetch for the cold start, one for the new kid, one for each
    // lifetime, and one a cooldown for the kid that is gone.
    assert.ok(
      keySetRequests <=
        2 + Math.ceil(elapsed / MAX_AGE) + Math.ceil((elapsed - refresh.at) / COOLDOWN),
      `${keySetRequests} requests`,
    );
    assert.ok(trials.length > 10_000, `${trials.length} verifications`);
  });
}

for (const type of ["oidc", "oauth2"] as const) {
  test(`edge_Z5_discovers_the_keys_of_oidc_provider_and_finds_the_next_ones, ${type}`, async () => {
    serveWith(await privateKey("first"));
    let now = Date.now();
    const asked: string[] = [];
    const jwksUri = discover({ type, keyOrigins: [issuer] });
    const verifier = createVerifier({
      issuers: { issuer, audience: RESOURCE, algorithms: ["ES256"], jwksUri },
      profile: "access-token",
      clock: () => now,
      jwks: { fetch: (url, init) => (asked.push(new URL(url).pathname), fetch(url, init)) },
    });
    assert.equal((await verifier.verify(await tokenOf())).key.kid, "first");
    // Another configuration has its keys at another address.
    serveWith(await privateKey("second"));
    const rest = answer;
    answer = (request, response) => {
      if (request.url === "/jwks") return void response.writeHead(404).end();
      if (request.url === "/moved") request.url = "/jwks";
      if (!request.url?.startsWith("/.well-known/")) return rest(request, response);
      response.writeHead(200, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/moved` }));
    };
    now += 30_000;
    assert.equal((await verifier.verify(await tokenOf())).key.kid, "second");
    const name = type === "oidc" ? "openid-configuration" : "oauth-authorization-server";
    const document = `/.well-known/${name}`;
    assert.deepEqual(asked, [document, "/jwks", "/jwks", document, "/moved"]);
  });
}

test("edge_interop_refuses_what_another_instance_of_it_issued", async () => {
  serveWith(await privateKey("first"));
  const verifier = await verifierFor();
  const good = await tokenOf();
  await verifier.verify(good);
  serveWith(await privateKey("second"));
  const forged = await tokenOf();
  await assert.rejects(
    verifier.verify(forged),
    (error) => error instanceof VerifyError && error.status === 401,
  );
});
