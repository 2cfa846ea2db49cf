// The demo page: a token that was stolen from a log, with DPoP and without, wherever the keep
// lives.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { type Demo, sentTo, startDemo, type Visitor } from "./harness.ts";

let demo: Demo;
before(async () => {
  demo = await startDemo();
});
after(() => demo.close());

const HOSTS = ["the page", "a worker", "a worker for all tabs"];

/** Chooses, presses the button, and reads what the page says. */
async function steal({ page, press }: Visitor, { dpop, host }: { dpop: boolean; host: string }) {
  await page.getByRole("switch", { name: "DPoP" }).setChecked(dpop);
  await page.getByLabel("Keep it in").selectOption(host);
  // The last theft is no longer on show.
  assert.equal(await page.locator("#theft-table").isVisible(), false);
  await press("Steal the token");
  await page.locator("#theft-verdict[data-outcome]").waitFor();
  await page.locator('#steal:not([aria-disabled="true"])').waitFor();
  const rows = await page
    .locator("#theft-rows tr")
    .evaluateAll((found) => found.map((row) => [...row.children].map((cell) => cell.textContent)));
  return { verdict: await page.locator("#theft-verdict").textContent(), rows };
}

test("client_P330_a_stolen_token_is_taken_without_DPoP_and_refused_with_it_in_each_host", async () => {
  const visitor = await demo.visit();
  await demo.settings({ rateLimits: "off" });
  await visitor.signIn();
  for (const host of HOSTS) {
    const bearer = await steal(visitor, { dpop: false, host });
    assert.match(bearer.verdict ?? "", /^Taken\. The API takes the thief for Alice Adair\./, host);
    assert.deepEqual(bearer.rows, [
      ["You", "token", "200"],
      ["Thief", "token", "200"],
    ]);
    const bound = await steal(visitor, { dpop: true, host });
    assert.match(bound.verdict ?? "", /^Refused\. The token names a key/, host);
    assert.deepEqual(bound.rows, [
      ["You", "token, proof by its key", "200"],
      ["Thief", "token", '401 Bearer error="invalid_token"'],
      ["Thief", "token, proof by another key", '401 DPoP error="invalid_token"'],
      ["Thief", "token, proof from the log", '401 DPoP error="invalid_dpop_proof"'],
    ]);
  }
  // The thief is played at the API: the page shows no token.
  assert.doesNotMatch(await visitor.page.content(), /eyJ[\w-]{10,}\.eyJ/);
  await visitor.leave();
  await demo.peace();
});

test("client_P331_both_servers_ask_for_a_nonce_and_each_call_is_repeated_once", async () => {
  const visitor = await demo.visit();
  await visitor.signIn();
  await demo.settings({ rateLimits: "off" });
  const { requests } = visitor;
  const before = requests.length;
  await steal(visitor, { dpop: true, host: "the page" });
  const sent = async (url: string, method: string) => {
    const found = sentTo(requests.slice(before), url, method);
    return Promise.all(
      found.map(async (request) => ({
        status: (await request.response())?.status(),
        proof: (await request.allHeaders())["dpop"] ?? "",
      })),
    );
  };
  const calls = [
    ...(await sent(`${demo.authority}/session/refresh`, "POST")),
    ...(await sent(`${demo.api}/api/me`, "GET")),
    ...(await sent(`${demo.api}/demo/steal`, "POST")),
  ];
  assert.deepEqual(
    calls.map(({ status, proof }) => [status, "nonce" in decodeJwt(proof)]),
    [
      [400, false],
      [200, true],
      [401, false],
      [200, true],
      [200, true],
    ],
  );
  // One key, a new proof for each send, and a nonce of each server.
  const keys = new Set(calls.map(({ proof }) => JSON.stringify(decodeProtectedHeader(proof).jwk)));
  const proofs = calls.map(({ proof }) => decodeJwt<{ nonce?: string }>(proof));
  assert.equal(keys.size, 1);
  assert.equal(new Set(proofs.map(({ jti }) => jti)).size, calls.length);
  assert.notEqual(proofs[1]?.nonce, proofs[3]?.nonce);
  await visitor.leave();
  await demo.peace();
});

test("one press is enough: whoever is signed out is signed in first", async () => {
  const visitor = await demo.visit();
  await visitor.expectSession({ status: "anonymous" });
  const { verdict } = await steal(visitor, { dpop: false, host: "the page" });
  assert.match(verdict ?? "", /^Taken\./);
  await visitor.expectSession({ status: "authenticated" });
  await visitor.page.locator("#timeline").getByText("Stolen token taken").waitFor();
  await visitor.leave();
});
