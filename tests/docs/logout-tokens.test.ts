// The code of docs/logout-tokens.md, run as it stands there: the endpoint beside a guarded API, and
// each provider's configuration against logout tokens in the shape that the provider documents.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import type { KeyValue } from "tokenkeep/edge";
import { type LogoutOptions, type LogoutToken, logoutReceiver } from "tokenkeep/logout";
import { memoryKv } from "tokenkeep/testing";
import { claims, keyPair, sign } from "../edge/suite/kit.ts";
import { bundle, ISSUER } from "./running.ts";

const PAGE = "docs/logout-tokens.md";
const EVENT = "http://schemas.openid.net/event/backchannel-logout";
const CLIENT = "the-client-id";
const API = "https://api.example.com";
const now = () => Math.floor(Date.now() / 1000);

const post = (token: string) =>
  new Request(`${API}/backchannel-logout`, {
    method: "POST",
    body: new URLSearchParams({ logout_token: token }),
  });

/** Imports a block as a module of its own, with these globals. */
async function run<T>(place: number, globals: object): Promise<T> {
  const file = await bundle(
    `logout-${place}.mjs`,
    `export * as block from "doc:${PAGE}#${place}";`,
    {
      format: "esm",
      packages: "external",
    },
  );
  Object.assign(globalThis, globals);
  return ((await import(pathToFileURL(file).href)) as { block: T }).block;
}

/** The issuer of the page's first blocks. */
async function issuer() {
  const { jwk } = await keyPair();
  const algorithms = ["ES256"] as const;
  return { issuer: ISSUER, audience: API, algorithms, jwks: { keys: [jwk] } };
}
const logoutToken = (more: object = {}) =>
  sign(
    {
      iss: ISSUER,
      aud: CLIENT,
      iat: now(),
      exp: now() + 120,
      jti: "l1",
      sub: "alice",
      sid: "s1",
      events: { [EVENT]: {} },
      ...more,
    },
    { typ: "logout+jwt" },
  );

test("the API refuses the tokens of a session that its provider has ended", async () => {
  const env: { REVOKED: KeyValue } = { REVOKED: memoryKv() };
  const worker = await run<{ default: { fetch: (...given: unknown[]) => Promise<Response> } }>(0, {
    issuer: await issuer(),
    env,
  });
  const ctx = { waitUntil: () => undefined };
  const ask = async (sid: string) => {
    const token = await sign(
      claims({ iss: ISSUER, aud: API, iat: now(), exp: now() + 300, sid, jti: sid }),
    );
    const request = new Request(API, { headers: { Authorization: `Bearer ${token}` } });
    return (await worker.default.fetch(request, env, ctx)).status;
  };
  // `s1` is asked for after the logout: an isolate remembers answers.
  assert.equal(await ask("s2"), 200);
  const answer = await worker.default.fetch(post(await logoutToken()), env, ctx);
  assert.equal(answer.status, 200, await answer.text());
  assert.deepEqual([await ask("s1"), await ask("s2")], [401, 200]);
  assert.equal((await worker.default.fetch(post("a.b.c"), env, ctx)).status, 400);
});

test("sessions of the application's own end, and 503 says that they did not", async () => {
  const ended: object[] = [];
  let isDown = true;
  const sessions = {
    async end(of: object) {
      if (isDown) throw new Error("down");
      ended.push(of);
    },
  };
  const { receiveLogout } = await run<{ receiveLogout: ReturnType<typeof logoutReceiver> }>(1, {
    issuer: await issuer(),
    sessions,
  });
  assert.equal((await receiveLogout(post(await logoutToken()))).status, 503);
  isDown = false;
  assert.equal((await receiveLogout(post(await logoutToken()))).status, 200);
  assert.deepEqual(ended, [{ sub: "alice", sid: "s1" }]);
});

interface Documented {
  readonly header: object;
  /** Beside `iss`, `aud`, `iat`, `exp`, `jti`. */
  readonly claims: object;
}

const user = "auth0|602c0dbab7a8c00070ab33c0";
const providers: Readonly<Record<string, Documented & { place: number; keys: string }>> = {
  Keycloak: {
    place: 2,
    keys: "https://id.example.com/realms/shop/protocol/openid-connect/certs",
    header: { typ: "logout+jwt" },
    claims: {
      typ: "Logout",
      sub: "8d1a7b46-8a0f-4d0a-9c1f-000000000001",
      sid: "1b671a64-40d5-491e-99b0-da01ff1f3341",
      events: { [EVENT]: {}, revoke_offline_access: true },
    },
  },
  Auth0: {
    place: 3,
    keys: "https://example.eu.auth0.com/.well-known/jwks.json",
    header: { typ: "logout+jwt" },
    claims: { sub: user, sid: "session-1", trace_id: "7c3a", events: { [EVENT]: {} } },
  },
  "Ory Hydra": {
    place: 4,
    keys: "https://hydra.example.com/.well-known/jwks.json",
    header: { typ: "JWT" },
    claims: { exp: undefined, sub: "alice", sid: "s1", events: { [EVENT]: {} } },
  },
};

for (const [name, { place, keys, header, claims: documented }] of Object.entries(providers)) {
  test(`the configuration for ${name} takes its logout tokens, and none for another client`, async () => {
    const { logout } = await run<{
      logout: LogoutOptions & { issuers: { issuer: string; audience: string } };
    }>(place, {});
    const pair = await keyPair("RS256", name);
    const asked: string[] = [];
    const logouts: LogoutToken[] = [];
    const receive = logoutReceiver({
      ...logout,
      onLogout: (one) => void logouts.push(one),
      jwks: {
        fetch: async (url) => {
          asked.push(url);
          return Response.json({ keys: [{ ...pair.jwk, use: "sig" }] });
        },
      },
    });
    const { issuer: iss, audience: aud } = logout.issuers;
    const token = (more: object) =>
      sign(
        { iss, aud: [aud], iat: now(), exp: now() + 120, jti: "l1", ...documented, ...more },
        header as Record<string, unknown>,
        pair,
      );
    assert.equal((await receive(post(await token({})))).status, 200);
    const { sub, sid } = documented as { sub: string; sid: string };
    assert.deepEqual(
      logouts.map((one) => [one.sub, one.sid]),
      [[sub, sid]],
    );
    assert.deepEqual(asked, [keys]);
    for (const more of [{ aud: ["another-client"] }, { iss: "https://another.example.com/" }])
      assert.equal((await receive(post(await token(more)))).status, 400);
    const withoutExpiry = await receive(post(await token({ exp: undefined })));
    assert.equal(withoutExpiry.status, logout.allowNoExpiry === true ? 200 : 400);
  });
}
