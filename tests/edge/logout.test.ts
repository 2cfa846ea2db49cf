// Against a provider that nobody here wrote: the certified oidc-provider ends sessions, and posts
// its own logout tokens to a receiver over HTTP.

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { getRequestListener } from "@hono/node-server";
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";
import { discover } from "tokenkeep/discovery";
import { createVerifier, memoryRevocation, VerifyError } from "tokenkeep/edge";
import { type LogoutToken, logoutReceiver, verifyLogoutToken } from "tokenkeep/logout";

const CLIENT = "shop";

let answer: RequestListener = (_request, response) => response.end();
const server = createServer((request: IncomingMessage, response) => answer(request, response));
let issuer = "";
let provider: Provider;

/** What oidc-provider does when a session of the client ends. */
interface Ends {
  backchannelLogout(sub: string, sid: string): Promise<void>;
}

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: "first", alg: "ES256", use: "sig" };
  provider = new Provider(issuer, {
    clients: ["session", "user"].map((kind) => ({
      client_id: `${CLIENT}-${kind}`,
      token_endpoint_auth_method: "none" as const,
      redirect_uris: ["https://shop.example/callback"],
      id_token_signed_response_alg: "ES256" as const,
      backchannel_logout_uri: `${issuer}/backchannel-logout`,
      backchannel_logout_session_required: kind === "session",
    })),
    jwks: { keys: [key as never] },
    features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
    // Not by its own dispatcher, which refuses to connect to this machine.
    fetch: (url, { method, headers, body, redirect, signal } = {}) =>
      fetch(url, { method, headers, body, redirect, signal } as RequestInit),
  });
});
after(() => new Promise((resolve) => server.close(resolve)));

test("edge_W1_takes_the_logout_tokens_of_oidc_provider_and_no_other_profile_takes_them", async () => {
  const logouts: LogoutToken[] = [];
  const tokens: string[] = [];
  const store = memoryRevocation();
  const options = {
    issuers: {
      issuer,
      audience: [`${CLIENT}-session`, `${CLIENT}-user`],
      algorithms: ["ES256" as const],
      jwksUri: discover(),
    },
    revoker: store,
    ttl: 900,
    onLogout: (logout: LogoutToken) => void logouts.push(logout),
  };
  const receive = logoutReceiver(options);
  const receiver = getRequestListener(async (request) => {
    tokens.push((await request.clone().formData()).get("logout_token") as string);
    return receive(request);
  });
  const rest = provider.callback();
  answer = (request, response) =>
    void (request.url === "/backchannel-logout" ? receiver : rest)(request, response);

  for (const kind of ["session", "user"]) {
    const client = (await provider.Client.find(`${CLIENT}-${kind}`)) as unknown as Ends;
    // It rejects where the answer is not 200.
    await client.backchannelLogout("alice", "session-1");
  }
  assert.deepEqual(
    logouts.map(({ sub, sid }) => [sub, sid]),
    [
      ["alice", "session-1"],
      ["alice", null],
    ],
  );
  const { iat } = logouts[1]!;
  const bob = { issuer, jti: null, sid: null, sub: "bob", iat };
  const revoked = async (more: { sid?: string; sub?: string; iat?: number }) =>
    store.isRevoked({ ...bob, ...more });
  assert.deepEqual(
    [
      await revoked({ sid: "session-1" }),
      await revoked({ sid: "session-2" }),
      await revoked({ sub: "alice" }),
      await revoked({ sub: "alice", iat: iat + 1 }),
    ],
    [true, false, true, false],
  );

  for (const token of tokens) {
    assert.equal((await verifyLogoutToken(token, options)).issuer, issuer);
    for (const profile of ["jwt", "access-token", "id-token"] as const) {
      const verifier = createVerifier({ issuers: options.issuers, profile });
      await assert.rejects(
        verifier.verify(token),
        (error) => error instanceof VerifyError && error.code === "header.typ",
        profile,
      );
    }
  }
});
