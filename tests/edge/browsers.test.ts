// What the verifier does in a browser as on no server. Chromium, or Firefox where BROWSER says it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { launch } from "../client/browser.ts";
import { ScriptedServer } from "../client/server.ts";
import { keyPair } from "./suite/kit.ts";

test("edge_J167_a_browser_asks_for_keys_without_a_preflight", async () => {
  const { jwk } = await keyPair();
  const asked: { method: string | undefined; agent: string | undefined }[] = [];
  // As key endpoints are: every origin may read, and nobody answers a preflight.
  const keys = createServer(({ method, headers }, response) => {
    asked.push({ method, agent: headers["user-agent"] });
    const status = method === "GET" ? 200 : 404;
    response.writeHead(status, { "Access-Control-Allow-Origin": "*" });
    response.end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => keys.listen(0, resolve));
  const server = await ScriptedServer.open(() => ({
    headers: { "Content-Type": "text/html" },
    body: "<!doctype html>",
  }));
  server.on("/edge.js", () => ({
    headers: { "Content-Type": "text/javascript" },
    body: readFileSync(new URL("../../dist/edge.js", import.meta.url)),
  }));
  const browser = await launch();
  try {
    const page = await (await browser.context()).newPage();
    await page.goto(`${server.origin}/`);
    const issuer = {
      issuer: "https://issuer.example",
      audience: "https://api.example",
      algorithms: ["ES256"],
      jwksUri: `http://localhost:${(keys.address() as AddressInfo).port}/jwks`,
    };
    await page.evaluate(
      `import("/edge.js").then(({ createVerifier }) =>
        createVerifier({ issuers: ${JSON.stringify(issuer)} }).prime())`,
    );
    assert.deepEqual(
      asked.map(({ method }) => method),
      ["GET"],
    );
    assert.match(asked[0]?.agent ?? "", /^Mozilla\//);
  } finally {
    await browser.close();
    await server.close();
    keys.close();
  }
});
