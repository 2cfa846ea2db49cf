// DPoP end to end: the authority binds the access token to the key of a call, and the API wants its
// proof. Proofs are made by jose, by panva/dpop, and by oauth4webapi.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as panva from "dpop";
import { calculateJwkThumbprint, decodeJwt, exportJWK, generateKeyPair, SignJWT } from "jose";
import * as oauth from "oauth4webapi";
import { ALICE, type TokenReply, useStack, Visitor } from "./harness.ts";

interface Client {
  readonly jkt: string;
  proof(method: string, url: string, token?: string): Promise<string>;
}

const base64url = (bytes: ArrayBuffer) => Buffer.from(bytes).toString("base64url");

/** A client whose proofs jose signs. */
async function clientOf(): Promise<Client> {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const jwk = await exportJWK(publicKey);
  return {
    jkt: await calculateJwkThumbprint(jwk),
    async proof(htm, htu, token) {
      const hash = async (text: string) =>
        base64url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
      const ath = token === undefined ? {} : { ath: await hash(token) };
      return new SignJWT({ htm, htu, ...ath })
        .setProtectedHeader({ typ: "dpop+jwt", alg: "ES256", jwk })
        .setJti(crypto.randomUUID())
        .setIssuedAt()
        .sign(privateKey);
    },
  };
}

describe("a session whose page has a key", () => {
  const stack = useStack({
    bindings: { authority: { DPOP_NONCE_SECRET: "" }, api: { DPOP_NONCE_SECRET: "" } },
  });
  const signIn = () => `${stack().authority}/session/sign-in`;
  const refresh = () => `${stack().authority}/session/refresh`;
  const me = () => `${stack().api}/api/me`;

  /** Calls the API. */
  const call = (scheme: string, token: string, proof?: string) =>
    fetch(me(), {
      headers: {
        Authorization: `${scheme} ${token}`,
        Connection: "close",
        ...(proof === undefined ? {} : { DPoP: proof }),
      },
    });

  /** A refresh with this proof. */
  const renewed = async (visitor: Visitor, proof: string) => {
    const answer = await visitor.post("/session/refresh", { headers: { DPoP: proof } });
    assert.equal(answer.status, 200);
    return (await answer.json()) as TokenReply;
  };

  test("edge_Q310_gets_tokens_that_only_its_key_can_use", async () => {
    const [client, thief] = [await clientOf(), await clientOf()];
    const visitor = new Visitor(stack());
    const answer = await visitor.post("/session/sign-in", {
      body: ALICE,
      headers: { DPoP: await client.proof("POST", signIn()) },
    });
    const { access_token: first, token_type: type } = (await answer.json()) as TokenReply;
    assert.deepEqual([answer.status, type], [200, "DPoP"]);
    assert.deepEqual(decodeJwt(first)["cnf"], { jkt: client.jkt });
    assert.equal((await call("DPoP", first, await client.proof("GET", me(), first))).status, 200);
    // What a thief of the token can try.
    for (const attempt of [
      call("Bearer", first),
      call("DPoP", first),
      call("DPoP", first, await thief.proof("GET", me(), first)),
      call("DPoP", first, await client.proof("POST", me(), first)),
      call("DPoP", first, await client.proof("GET", me())),
    ])
      assert.equal((await attempt).status, 401);
    const proof = await client.proof("GET", me(), first);
    assert.equal((await call("DPoP", first, proof)).status, 200);
    const again = await call("DPoP", first, proof);
    assert.equal(again.status, 401);
    assert.match(again.headers.get("WWW-Authenticate") ?? "", /^DPoP .*invalid_dpop_proof/);

    // Another tab of the session has a key of its own; a page without a key gets a Bearer token.
    const other = await clientOf();
    const { access_token: second } = await renewed(visitor, await other.proof("POST", refresh()));
    assert.deepEqual(decodeJwt(second)["cnf"], { jkt: other.jkt });
    assert.equal((await call("DPoP", second, await other.proof("GET", me(), second))).status, 200);
    const plain = (await (await visitor.post("/session/refresh")).json()) as TokenReply;
    assert.deepEqual(
      [plain.token_type, decodeJwt(plain.access_token)["cnf"]],
      ["Bearer", undefined],
    );
    assert.equal((await call("Bearer", plain.access_token)).status, 200);
  });

  test("edge_Q311_loses_nothing_by_a_bad_proof", async () => {
    const client = await clientOf();
    const visitor = new Visitor(stack());
    await visitor.signIn();
    const { cookie } = visitor;
    const used = await client.proof("POST", refresh());
    await renewed(visitor, used);
    const after = visitor.cookie;
    assert.notEqual(after, cookie);
    for (const bad of [
      "x",
      used,
      await client.proof("POST", signIn()),
      await client.proof("GET", refresh()),
    ]) {
      const answer = await visitor.post("/session/refresh", { headers: { DPoP: bad } });
      assert.equal(answer.status, 400);
      assert.deepEqual(await answer.json(), { error: "invalid_dpop_proof" });
      assert.equal(answer.headers.get("Set-Cookie"), null);
      assert.equal(visitor.cookie, after);
    }
    await renewed(visitor, await client.proof("POST", refresh()));
  });

  test("edge_Q312_takes_the_proofs_of_other_libraries", async () => {
    const visitor = new Visitor(stack());
    await visitor.signIn();
    const pair = await panva.generateKeyPair("ES256");
    const reply = await renewed(visitor, await panva.generateProof(pair, refresh(), "POST"));
    const token = reply.access_token;
    assert.equal(
      decodeJwt<{ cnf: { jkt: string } }>(token).cnf.jkt,
      await panva.calculateThumbprint(pair.publicKey),
    );
    const proof = await panva.generateProof(pair, me(), "GET", undefined, token);
    assert.equal((await call("DPoP", token, proof)).status, 200);

    const handle = oauth.DPoP({}, pair);
    const answer = await oauth.protectedResourceRequest(
      token,
      "GET",
      new URL(me()),
      new Headers({ Connection: "close" }),
      null,
      { DPoP: handle, [oauth.allowInsecureRequests]: true },
    );
    assert.equal(answer.status, 200);
    // It reads our challenges.
    await assert.rejects(
      oauth.protectedResourceRequest(token, "GET", new URL(me()), new Headers(), null, {
        [oauth.allowInsecureRequests]: true,
      }),
      (error) =>
        error instanceof oauth.WWWAuthenticateChallengeError &&
        error.cause.map(({ scheme }) => scheme).join() === "bearer,dpop",
    );
  });
});

describe("servers that give out nonces", () => {
  const stack = useStack();

  test("edge_Q331_ask_for_one_and_hand_out_the_next", async () => {
    const pair = await panva.generateKeyPair("ES256");
    const visitor = new Visitor(stack());
    const url = `${stack().authority}/session/sign-in`;
    const signIn = async (nonce?: string) =>
      visitor.post("/session/sign-in", {
        body: ALICE,
        headers: { DPoP: await panva.generateProof(pair, url, "POST", nonce) },
      });
    const asked = await signIn();
    const nonce = asked.headers.get("DPoP-Nonce") ?? "";
    assert.equal(asked.status, 400);
    assert.deepEqual(await asked.json(), { error: "use_dpop_nonce" });
    assert.match(asked.headers.get("Access-Control-Expose-Headers") ?? "", /DPoP-Nonce/);
    assert.equal(asked.headers.get("Cache-Control"), "no-store");
    assert.equal(visitor.cookie, null);
    // One of another server is none.
    assert.equal((await signIn(`${nonce.slice(0, -1)}A`)).status, 400);
    const granted = await signIn(nonce);
    assert.equal(granted.status, 200);
    assert.match(granted.headers.get("DPoP-Nonce") ?? "", /^[\w-]{27}$/);

    const { access_token: token } = (await granted.json()) as TokenReply;
    // The operator's calls are on the same origin, and take the same nonces.
    const calls: [string, string | undefined][] = [
      [`${stack().authority}/operator/keys`, nonce],
      [`${stack().api}/api/me`, undefined],
    ];
    for (const [address, known] of calls) {
      const call = async (given?: string) => {
        const proof = await panva.generateProof(pair, address, "GET", given, token);
        const headers = { Authorization: `DPoP ${token}`, DPoP: proof, Connection: "close" };
        return fetch(address, { headers });
      };
      const refused = await call();
      assert.equal(refused.status, 401);
      assert.match(refused.headers.get("WWW-Authenticate") ?? "", /^DPoP .*use_dpop_nonce/);
      assert.equal((await call(known ?? refused.headers.get("DPoP-Nonce") ?? "")).status, 200);
    }
  });

  /** A token that is bound to a key, by panva/dpop. */
  const tokenFor = async (pair: CryptoKeyPair): Promise<string> => {
    const url = `${stack().authority}/session/sign-in`;
    const visitor = new Visitor(stack());
    const ask = async (nonce?: string) => {
      const proof = await panva.generateProof(pair, url, "POST", nonce);
      return visitor.post("/session/sign-in", { body: ALICE, headers: { DPoP: proof } });
    };
    const answer = await ask((await ask()).headers.get("DPoP-Nonce") ?? "");
    return ((await answer.json()) as TokenReply).access_token;
  };

  test("edge_Q332_a_route_with_a_policy_of_its_own_takes_the_same_proof", async () => {
    const pair = await panva.generateKeyPair("ES256");
    const token = await tokenFor(pair);
    const vault = `${stack().api}/api/vault`;
    const open = async (given?: string) => {
      const proof = await panva.generateProof(pair, vault, "GET", given, token);
      const headers = { Authorization: `DPoP ${token}`, DPoP: proof, Connection: "close" };
      return fetch(vault, { headers });
    };
    const answer = await open((await open()).headers.get("DPoP-Nonce") ?? "");
    // The second guard has judged the strength of the login, and not refused the proof.
    assert.match(
      answer.headers.get("WWW-Authenticate") ?? "",
      /error="insufficient_user_authentication"/,
    );
  });

  test("edge_Q334_oauth4webapi_repeats_with_the_nonce", async () => {
    const pair = await panva.generateKeyPair("ES256");
    const token = await tokenFor(pair);
    const DPoP = oauth.DPoP({}, pair);
    const call = () =>
      oauth.protectedResourceRequest(
        token,
        "GET",
        new URL(`${stack().api}/api/me`),
        new Headers({ Connection: "close" }),
        null,
        { DPoP, [oauth.allowInsecureRequests]: true },
      );
    await assert.rejects(call(), (error) => oauth.isDPoPNonceError(error));
    // It has kept the nonce.
    for (const _ of [1, 2]) assert.equal((await call()).status, 200);
  });
});

describe("an API that demands proofs", () => {
  const stack = useStack({ bindings: { api: { DPOP: "required" } } });

  test("edge_Q313_takes_no_bearer_token", async () => {
    const { access_token: token } = await new Visitor(stack()).signIn();
    const answer = await fetch(`${stack().api}/api/me`, {
      headers: { Authorization: `Bearer ${token}`, Connection: "close" },
    });
    assert.equal(answer.status, 401);
    assert.match(answer.headers.get("WWW-Authenticate") ?? "", /^DPoP realm="api"/);
  });
});
