// The key set: it verifies the tokens, and publishes nothing else.

import assert from "node:assert/strict";
import { Agent, get } from "node:http";
import { json } from "node:stream/consumers";
import { test } from "node:test";
import { calculateJwkThumbprint, createRemoteJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { useStack, Visitor } from "./harness.ts";

const stack = useStack();
const url = () => new URL("/.well-known/jwks.json", stack().authority);
const fetchKeys = async () => ((await (await fetch(url())).json()) as JSONWebKeySet).keys;

test("20 first requests at once make one ring: an active key and the next one", async () => {
  // Open sockets in place of fetch: otherwise the requests come one by one, and the first often has
  // its key before the second asks.
  const agent = new Agent({ keepAlive: true });
  const get20 = (from: URL) =>
    Promise.all(
      Array.from(
        { length: 20 },
        () =>
          new Promise<unknown>((resolve) =>
            get(from, { agent }, (answer) => resolve(json(answer))),
          ),
      ),
    );
  await get20(new URL("/nowhere", url()));
  const sets = (await get20(url())) as JSONWebKeySet[];
  agent.destroy();
  const [first] = sets;
  assert.equal(first?.keys?.length, 2);
  for (const set of sets) assert.deepEqual(set, first);
});

test("jose verifies a token with it", async () => {
  const { access_token: token } = await new Visitor(stack()).signIn();
  const { payload } = await jwtVerify(token, createRemoteJWKSet(url()), {
    issuer: stack().authority,
    audience: "https://api.tokenkeep.example",
    typ: "at+jwt",
    algorithms: ["ES256"],
  });
  assert.equal(payload.name, "Alice Adair");
});

test("each key is named by its RFC 7638 thumbprint, bound to ES256 and without its private half", async () => {
  for (const key of await fetchKeys()) {
    assert.deepEqual(Object.keys(key).sort(), ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    assert.equal(key.kid, await calculateJwkThumbprint(key));
    assert.deepEqual({ alg: key.alg, use: key.use }, { alg: "ES256", use: "sig" });
  }
});

test("anybody may read and keep it for five minutes", async () => {
  const { headers } = await fetch(url(), { headers: { Origin: "https://other.example" } });
  assert.equal(headers.get("Access-Control-Allow-Origin"), "*");
  assert.equal(headers.get("Access-Control-Allow-Credentials"), null);
  assert.equal(headers.get("Cache-Control"), "public, max-age=300");
});

test("an ETag that is still right is answered with 304 and no body", async () => {
  const first = await fetch(url());
  const etag = first.headers.get("ETag") ?? "";
  assert.match(etag, /^"[\w-]{43}"$/);
  await first.arrayBuffer();
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
    const again = await fetch(url(), { headers: { "If-None-Match": known } });
    assert.equal(again.status, 304, known);
    assert.equal(await again.text(), "");
    assert.equal(again.headers.get("ETag"), etag);
    assert.equal(again.headers.get("Cache-Control"), "public, max-age=300");
  }
  assert.equal((await fetch(url(), { headers: { "If-None-Match": '"other"' } })).status, 200);
});
