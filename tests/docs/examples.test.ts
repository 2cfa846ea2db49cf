// Runs what is in examples/ as it stands there: the Workers in workerd with the bindings that their
// wrangler.json names, the server in a process of its own. The tokens are signed by jose, the key
// set comes over HTTP.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { exportJWK } from "jose";
import { type Request as MiniflareRequest, Response as MiniflareResponse } from "miniflare";
import { claims, keyPair, makeKeyPair, sign } from "../edge/suite/kit.ts";
import { type Running, startWorker } from "../edge/workerd/start.ts";
import { AUDIENCE, ask, tokenOf } from "./tokens.ts";

const examples = fileURLToPath(new URL("../../examples/", import.meta.url));

/**
 * The bindings of a wrangler.json as miniflare wants them; the authority behind them answers with
 * our key set.
 */
async function startExample(name: string): Promise<Running & { fetches(): number }> {
  const config = JSON.parse(readFileSync(`${examples}${name}/wrangler.json`, "utf8")) as {
    main: string;
    compatibility_date: string;
    kv_namespaces: { binding: string; id: string }[];
    vars: Record<string, string>;
  };
  const { jwk } = await keyPair();
  let fetches = 0;
  const running = await startWorker(`../../../examples/${name}/${config.main}`, {
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: [],
    kvNamespaces: Object.fromEntries(config.kv_namespaces.map(({ binding, id }) => [binding, id])),
    bindings: config.vars,
    outboundService: (request: { url: string }) => {
      fetches += 1;
      assert.equal(request.url, `${config.vars["ISSUER"]}/.well-known/jwks.json`);
      return MiniflareResponse.json({ keys: [jwk] });
    },
  });
  return { ...running, fetches: () => fetches };
}

const ISSUER = "https://auth.example.com";

test("the Worker lets good tokens in, keeps its key set in KV, and refuses a token that it has revoked", async () => {
  const { url, miniflare, fetches, log } = await startExample("worker");
  try {
    const token = await tokenOf(ISSUER);
    assert.deepEqual(await ask(url, token), [200, '{"hello":"alice"}']);
    assert.deepEqual(await ask(url, null), [401, 'Bearer realm="example", scope="read"']);
    assert.equal((await ask(url, await tokenOf(ISSUER, { scope: "write" })))[0], 403);
    assert.equal((await ask(url, await tokenOf("https://other.example")))[0], 401);
    const { keys } = await (await miniflare.getKVNamespace("SHARED")).list();
    assert.deepEqual(
      [keys.length, keys[0]?.name.startsWith("tokenkeep:jwks:"), fetches()],
      [1, true, 1],
    );
    const out = await ask(new URL("/sign-out", url), token, { method: "POST" });
    assert.equal(out[0], 204);
    assert.deepEqual(await ask(url, token), [
      401,
      'Bearer realm="example", error="invalid_token", error_description="The access token is not valid.", scope="read"',
    ]);
    assert.equal((await ask(url, await tokenOf(ISSUER, { jti: "another" })))[0], 200);
    assert.equal(log(), "");
  } finally {
    await miniflare.dispose();
  }
});

test("the gateway sets identity headers inside its zone, and exchanges the token for another zone", async () => {
  const config = JSON.parse(readFileSync(`${examples}gateway/wrangler.json`, "utf8")) as {
    compatibility_date: string;
    vars: Record<string, string>;
  };
  const { jwk } = await keyPair();
  const { privateKey } = await makeKeyPair("ES256", "gateway");
  const key = { ...(await exportJWK(privateKey)), alg: "ES256" };
  let grants = 0;
  let answer = 200;
  /** What a service got, as its answer. */
  const seen = (request: MiniflareRequest) => {
    const { pathname, search } = new URL(request.url);
    const names = ["Authorization", "X-User-Id", "X-User-Email", "X-Other", "Cookie"];
    const headers = names.map((name) => request.headers.get(name));
    return MiniflareResponse.json([pathname + search, ...headers]);
  };
  const { url, miniflare, log } = await startWorker("../../../examples/gateway/worker.ts", {
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: [],
    bindings: { ...config.vars, SERVICE_KEY: JSON.stringify(key) },
    serviceBindings: { ORDERS: (request: MiniflareRequest) => seen(request) },
    outboundService: async (request: MiniflareRequest) => {
      if (request.url.endsWith("/jwks.json")) return MiniflareResponse.json({ keys: [jwk] });
      if (request.url !== `${ISSUER}/token`) return seen(request);
      grants += 1;
      const form = new URLSearchParams(await request.text());
      assert.equal(form.get("audience"), config.vars["STOCK"]);
      return MiniflareResponse.json(
        answer === 200
          ? {
              access_token: `exchanged-for-${config.vars["STOCK"]}`,
              issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
              token_type: "Bearer",
              scope: "stock:read",
            }
          : { error: "invalid_grant" },
        { status: answer },
      );
    },
  });
  try {
    const token = await tokenOf(ISSUER, { email: "alice@example.com" });
    const headers = { "X-User-Id": "root", "X-Other": "1", Cookie: "a=b" };
    const at = (path: string) => new URL(path, url);
    const body = async (path: string) => {
      const [status, text] = await ask(at(path), token, { headers });
      assert.equal(status, 200, text);
      return JSON.parse(text) as unknown;
    };
    assert.deepEqual(await body("/orders/7?a=b"), [
      "/orders/7?a=b",
      null,
      "alice",
      "alice@example.com",
      "1",
      "a=b",
    ]);
    for (let count = 0; count < 2; count += 1)
      assert.deepEqual(await body("/stock/items?a=b"), [
        "/stock/items?a=b",
        `Bearer exchanged-for-${config.vars["STOCK"]}`,
        null,
        null,
        "1",
        null,
      ]);
    assert.equal(grants, 1);
    assert.equal((await ask(at("/orders/7"), null, { headers }))[0], 401);
    assert.equal((await ask(at("/elsewhere"), token))[0], 404);
    answer = 400;
    const other = await tokenOf(ISSUER, { jti: "another" });
    assert.equal((await ask(at("/stock/items"), other))[0], 401);
    assert.equal(log(), "");
  } finally {
    await miniflare.dispose();
  }
});

test("the Hono app has a policy for each route", async () => {
  const { url, miniflare, log } = await startExample("hono");
  try {
    const reader = await tokenOf(ISSUER);
    const clerk = await tokenOf(ISSUER, { scope: "read write", roles: ["clerk"] });
    const at = (path: string) => new URL(path, url);
    const order = at("/orders/7");
    assert.deepEqual(await ask(at("/"), null), [200, "Everybody may read this."]);
    assert.deepEqual(await ask(at("/me"), null), [401, "Bearer"]);
    assert.deepEqual(await ask(at("/me"), reader), [200, '{"sub":"alice"}']);
    assert.deepEqual(await ask(at("/hello"), null), [200, "Hello, stranger"]);
    assert.deepEqual(await ask(at("/hello"), reader), [200, "Hello, alice"]);
    assert.equal((await ask(at("/hello"), "bad"))[0], 401);
    assert.match(
      (await ask(order, reader, { method: "DELETE" })).join(" "),
      /^403 Bearer error="insufficient_scope".*scope="write"$/,
    );
    assert.deepEqual(await ask(order, clerk, { method: "DELETE" }), [200, '{"deleted":"7"}']);
    assert.equal(log(), "");
  } finally {
    await miniflare.dispose();
  }
});

describe("the server on node:http", () => {
  let server: ChildProcess | undefined;
  let port = 0;
  let issuer = "";
  const authority = createServer(async (_request, response) => {
    const { jwk } = await keyPair();
    response
      .writeHead(200, { "Content-Type": "application/json" })
      .end(JSON.stringify({ keys: [jwk] }));
  });

  before(async () => {
    await new Promise<void>((resolve) => authority.listen(0, "127.0.0.1", resolve));
    issuer = `http://127.0.0.1:${(authority.address() as AddressInfo).port}`;
    const child = spawn("node", [`${examples}node/server.mjs`], {
      env: { ...process.env, ISSUER: issuer, AUDIENCE, PORT: "0" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    server = child;
    port = await new Promise<number>((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`it ended with ${code}`)));
      child.stdout
        .setEncoding("utf8")
        .once("data", (line: string) => resolve(Number(/"port":(\d+)/.exec(line)?.[1])));
    });
  });
  after(() => {
    server?.kill();
    authority.close();
  });

  test("lets good tokens in and answers the others as the guard does", async () => {
    const url = `http://127.0.0.1:${port}/orders`;
    assert.deepEqual(await ask(url, await tokenOf(issuer)), [200, '{"hello":"alice"}']);
    assert.deepEqual(await ask(url, null), [401, 'Bearer realm="example", scope="read"']);
    assert.equal((await ask(url, await tokenOf(issuer, { scope: "" })))[0], 403);
    const stranger = await makeKeyPair("ES256", "k1");
    assert.equal(
      (
        await ask(
          url,
          await sign(claims({ iss: issuer, aud: AUDIENCE }), { typ: "at+jwt" }, stranger),
        )
      )[0],
      401,
    );
  });

  test("sees a second Authorization, and outlives odd requests", async () => {
    const token = await tokenOf(issuer);
    const raw = async (head: string) => {
      const socket = connect(port, "127.0.0.1");
      socket.write(`${head}\r\nHost: x\r\nConnection: close\r\n\r\n`);
      return (await text(socket)).split("\r\n")[0];
    };
    assert.equal(
      await raw(
        `GET / HTTP/1.1\r\nAuthorization: Bearer ${token}\r\nAuthorization: Bearer ${token}`,
      ),
      "HTTP/1.1 400 Bad Request",
    );
    assert.equal(await raw(`GET // HTTP/1.1\r\nAuthorization: Bearer ${token}`), "HTTP/1.1 200 OK");
    assert.equal(
      await raw(`TRACE * HTTP/1.1\r\nAuthorization: Bearer \xff`),
      "HTTP/1.1 400 Bad Request",
    );
    assert.equal(await raw(`GET / HTTP/1.1\r\nAuthorization: Bearer ${token}`), "HTTP/1.1 200 OK");
  });
});
