// The built package in Node, Bun and Deno: its import does nothing, and a process ends by itself.
// The token endpoint is found by discovery.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { RUNTIMES, runIn } from "../runtimes.ts";

const program = fileURLToPath(new URL("lifetime.mjs", import.meta.url));
const built = new URL("../../dist/service.js", import.meta.url).href;

const paths: string[] = [];
const server = createServer(({ url = "" }, response) => {
  paths.push(url);
  const port = (server.address() as AddressInfo).port;
  const issuer = `http://127.0.0.1:${port}`;
  const answers: Record<string, object> = {
    "/.well-known/openid-configuration": { issuer, token_endpoint: `${issuer}/token` },
    "/token": { access_token: "a-token", token_type: "Bearer", expires_in: 300 },
    "/api": {},
  };
  response.writeHead(url in answers ? 200 : 404, { "Content-Type": "application/json" });
  response.end(JSON.stringify(answers[url] ?? {}));
});
before(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
beforeEach(() => void (paths.length = 0));
after(() => server.close());

for (const runtime of RUNTIMES)
  test(`service_U31_a_process_in_${runtime}_ends_by_itself`, async () => {
    const { port } = server.address() as AddressInfo;
    const { code, output } = await runIn(runtime, program, built, String(port));
    assert.deepEqual({ code, output }, { code: 0, output: `${Array(20).fill(200).join()}\n` });
    assert.equal(paths.filter((path) => path === "/token").length, 1);
    assert.equal(paths.filter((path) => path === "/api").length, 20);
    // RFC 8414 first, then OpenID Connect; each once.
    assert.deepEqual(paths.slice(0, 3), [
      "/.well-known/oauth-authorization-server",
      "/.well-known/openid-configuration",
      "/token",
    ]);
  });
