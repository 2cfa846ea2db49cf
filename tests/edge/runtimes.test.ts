// The signature is checked on bytes in the wasm's memory, where the next token is written before
// the verdict is there. That is sound because the platform copies what it is given before it
// returns: each runtime that is not in the suite shows here that it does. (Node of today checks at
// once, see js/edge/keys/node-crypto.ts; before 20.16 it goes the others' way.)

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { launch } from "../client/browser.ts";
import { json, ScriptedServer } from "../client/server.ts";
import { RUNTIMES, runIn } from "../runtimes.ts";

const program = fileURLToPath(new URL("runtimes/at-once.mjs", import.meta.url));
const oldNode = fileURLToPath(new URL("runtimes/old-node.mjs", import.meta.url));
const built = new URL("../../dist/edge.js", import.meta.url);

/** Tokens of 24 users, of which every third but the first has the signature of another. */
async function fieldOf(alg: string): Promise<{ field: unknown; outcomes: readonly string[] }> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const subjects = Array.from({ length: 24 }, (_, place) => `user ${place}`);
  const sign = (sub: string) =>
    new SignJWT({ sub })
      .setProtectedHeader({ alg, kid: "k" })
      .setIssuer("https://issuer.example")
      .setAudience("https://api.example")
      .setExpirationTime("1h")
      .sign(privateKey);
  const good = await Promise.all(subjects.map(sign));
  const isBad = (place: number) => place > 0 && place % 3 === 0;
  const tokens = good.map((token, place) => {
    const from = isBad(place) ? (good[place - 1] ?? "") : token;
    return token.slice(0, token.lastIndexOf(".")) + from.slice(from.lastIndexOf("."));
  });
  return {
    field: { alg, jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: "k" }] }, tokens },
    outcomes: subjects.map((sub, place) => (isBad(place) ? "signature.invalid" : sub)),
  };
}

for (const alg of ["ES256", "RS256"]) {
  const places = [
    ...RUNTIMES.map((runtime) => ({ name: runtime, runtime, run: program })),
    { name: "old Node", runtime: "node", run: oldNode },
  ] as const;
  for (const { name, runtime, run } of places) {
    test(`edge_P14_keeps_tokens_apart_that_are_verified_at_once_${alg}, in ${name}`, async () => {
      const { field, outcomes } = await fieldOf(alg);
      const { code, output } = await runIn(runtime, run, built.href, JSON.stringify(field));
      assert.equal(code, 0, output);
      assert.deepEqual(JSON.parse(output), outcomes);
    });
  }
}

test("edge_P14_keeps_tokens_apart_that_are_verified_at_once, in Chromium", async () => {
  const server = await ScriptedServer.open(() => ({
    headers: { "Content-Type": "text/html" },
    body: "<!doctype html>",
  }));
  for (const [path, file] of [
    ["/edge.js", built],
    ["/at-once.mjs", program],
  ] as const) {
    server.on(path, () => ({
      headers: { "Content-Type": "text/javascript" },
      body: readFileSync(file),
    }));
  }
  server.on("/favicon.ico", () => json({}));
  const chromium = await launch();
  try {
    const page = await (await chromium.context()).newPage();
    await page.goto(`http://localhost:${server.port}/`);
    for (const alg of ["ES256", "RS256"]) {
      const { field, outcomes } = await fieldOf(alg);
      const verdicts = await page.evaluate(
        `Promise.all([import("/edge.js"), import("/at-once.mjs")]).then(([edge, { verifyAtOnce }]) => verifyAtOnce(edge, ${JSON.stringify(field)}))`,
      );
      assert.deepEqual(verdicts, outcomes);
    }
  } finally {
    await chromium.close();
    await server.close();
  }
});
