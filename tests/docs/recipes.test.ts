// The code of the documents that runs where requests arrive, run as it stands there: Workers and
// Hono apps in workerd, Express in a process of its own. The key endpoints are those that the
// blocks name; workerd asks this test for them. What runs in a page is in tests/client.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { BuildOptions } from "esbuild";
import { keyPair, makeKeyPair } from "../edge/suite/kit.ts";
import { bundle, ISSUER, inWorkerd, VERIFIER } from "./running.ts";
import { root } from "./snippets.ts";
import { ask, tokenOf } from "./tokens.ts";

const workers = [
  ["readme", 'export { default } from "doc:README.md#2";', '{"hello":"alice"}'],
  ["edge", 'export { default } from "doc:docs/edge.md#0";', '{"sub":"alice"}'],
  ["servers", 'export { default } from "doc:docs/recipes/servers.md#0";', '{"sub":"alice"}'],
] as const;
for (const [name, text, body] of workers) {
  test(`recipe_the_worker_of_${name}_lets_good_tokens_in_and_no_others`, async () => {
    await inWorkerd(name, text, await keyPair(), async (url, fetched) => {
      assert.deepEqual(await ask(url, await tokenOf(ISSUER)), [200, body]);
      assert.equal((await ask(url, null))[0], 401);
      assert.equal((await ask(url, await tokenOf(ISSUER, { aud: "other" })))[0], 401);
      assert.equal(
        (await ask(url, await tokenOf(ISSUER, {}, await makeKeyPair("ES256", "k1"))))[0],
        401,
      );
      assert.deepEqual(fetched, [`${ISSUER}/.well-known/jwks.json`]);
    });
  });
}

const apps = [
  ["edge-hono", 'export { default } from "doc:docs/edge.md#1";', "/me"],
  ["servers-hono", 'export { default } from "doc:docs/recipes/servers.md#1";', "/api/me"],
] as const;
for (const [name, text, path] of apps) {
  test(`recipe_the_app_of_${name}_lets_good_tokens_in_and_no_others`, async () => {
    await inWorkerd(name, VERIFIER + text, await keyPair(), async (url) => {
      const at = new URL(path, url);
      assert.deepEqual(await ask(at, await tokenOf(ISSUER)), [200, '{"sub":"alice"}']);
      assert.deepEqual(await ask(at, null), [401, 'Bearer scope="read"']);
      assert.equal((await ask(at, await tokenOf(ISSUER, { scope: "write" })))[0], 403);
      if (path.startsWith("/api/")) {
        const headers = {
          Origin: "https://app.example.com",
          "Access-Control-Request-Method": "GET",
          "Access-Control-Request-Headers": "authorization",
        };
        const preflight = await fetch(at, { method: "OPTIONS", headers });
        assert.deepEqual(
          [preflight.status, preflight.headers.get("Access-Control-Allow-Origin")],
          [204, "https://app.example.com"],
        );
        const refused = await fetch(at, { headers: { Origin: "https://app.example.com" } });
        assert.equal(
          refused.headers.get("Access-Control-Expose-Headers"),
          "WWW-Authenticate,Retry-After",
        );
      }
    });
  });
}

test("recipe_the_vault_wants_a_second_factor_of_the_last_five_minutes", async () => {
  const text = `${VERIFIER}export { default } from "doc:docs/recipes/step-up.md#0";`;
  await inWorkerd("step-up", text, await keyPair(), async (url) => {
    const at = new URL("/api/vault", url);
    const now = Math.floor(Date.now() / 1000);
    assert.deepEqual(await ask(at, await tokenOf(ISSUER, { acr: "mfa", auth_time: now })), [
      200,
      '{"owner":"alice"}',
    ]);
    for (const more of [
      {},
      { acr: "mfa" },
      { acr: "pwd", auth_time: now },
      { acr: "mfa", auth_time: now - 400 },
    ]) {
      const [status, challenge] = await ask(at, await tokenOf(ISSUER, more));
      assert.equal(status, 401);
      assert.match(challenge, /error="insufficient_user_authentication"/);
    }
  });
});

test("recipe_trpc_refuses_a_bad_token_for_the_whole_of_a_batch", async () => {
  const text = 'export { default } from "doc:docs/recipes/trpc.md#1";';
  await inWorkerd("trpc", text, await keyPair(), async (url) => {
    const at = new URL("/trpc/hello,orders?batch=1&input={}", url);
    const [status, body] = await ask(at, await tokenOf(ISSUER));
    const data = (JSON.parse(body) as { result: { data: unknown } }[]).map(
      ({ result }) => result.data,
    );
    assert.deepEqual([status, data], [200, ["Hello.", ["of alice"]]]);
    const [refused, challenge] = await ask(at, await tokenOf(ISSUER, { aud: "other" }));
    assert.equal(refused, 401);
    assert.match(challenge, /^Bearer error="invalid_token"/);
    assert.equal((await ask(at, null))[0], 207);
  });
});

/** Listens, and gives the port. */
async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

test("recipe_express_lets_good_tokens_in_and_answers_the_others_as_the_guard_does", async () => {
  const { jwk } = await keyPair();
  const authority = createServer((_request, response) => {
    response
      .writeHead(200, { "Content-Type": "application/json" })
      .end(JSON.stringify({ keys: [jwk] }));
  });
  const issuer = `http://127.0.0.1:${await listen(authority)}`;
  const free = createServer();
  const port = await listen(free);
  await new Promise((resolve) => free.close(resolve));
  const text = `${VERIFIER}import "doc:docs/recipes/servers.md#2";`;
  const options: BuildOptions = {
    platform: "node",
    format: "cjs",
    define: { ISSUER: JSON.stringify(issuer) },
    alias: { "tokenkeep/edge": join(root, "dist", "edge.js") },
  };
  const child = spawn(
    process.execPath,
    [await bundle("express.cjs", text, options, { "8080": String(port) })],
    {
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  try {
    const url = `http://127.0.0.1:${port}/me`;
    const end = performance.now() + 30_000;
    while ((await fetch(url).catch(() => null)) === null) {
      assert.ok(performance.now() < end && child.exitCode === null, "it never listened");
      await pause(50);
    }
    assert.deepEqual(await ask(url, await tokenOf(issuer)), [200, '{"sub":"alice"}']);
    assert.deepEqual(await ask(url, null), [401, 'Bearer scope="read"']);
    assert.equal((await ask(url, await tokenOf(issuer, { scope: "write" })))[0], 403);
    const token = await tokenOf(issuer);
    const socket = connect(port, "127.0.0.1");
    socket.write(
      `GET /me HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    );
    const [answer] = await new Promise<Buffer[]>((resolve) =>
      socket.once("data", (bytes: Buffer) => resolve([bytes])),
    );
    assert.match(String(answer), /^HTTP\/1\.1 400 /);
    socket.destroy();
  } finally {
    child.kill();
    authority.close();
  }
});
