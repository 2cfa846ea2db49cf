// The edge suite inside workerd, and what only workerd can show: requests that are cancelled while others wait for the same keys.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Response as MiniflareResponse } from "miniflare";
import { cases } from "./suite/all.ts";
import { claims, keyPair, sign } from "./suite/kit.ts";
import { type Running, startWorker } from "./workerd/start.ts";

describe("in workerd", () => {
  let running: Running | undefined;
  before(async () => {
    running = await startWorker("suite-worker.ts");
  });
  after(() => running?.miniflare.dispose());
  for (const [place, { name, where }] of cases.entries()) {
    if (where === "node") continue;
    test(`${name}, in workerd`, async () => {
      const response = await fetch(new URL(`/${place}`, running?.url), { method: "POST" });
      assert.equal(await response.text(), "passed");
    });
  }
});

const CROSSED = /different request|cross-request|will never generate a response|hung/i;

test("edge_P1_200_cold_requests_of_which_a_third_is_cancelled, in workerd", async () => {
  const { jwk } = await keyPair();
  let fetches = 0;
  let release = () => undefined as void;
  const released = new Promise<void>((resolve) => (release = resolve));
  const { url, miniflare, log } = await startWorker("cold-worker.ts", {
    outboundService: async () => {
      fetches += 1;
      await released;
      return MiniflareResponse.json({ keys: [jwk] });
    },
  });
  try {
    assert.equal(fetches, 0, "making the verifier at module scope asks for nothing");
    const tokens = await Promise.all(Array.from({ length: 200 }, (_, place) => sign(claims({ jti: `t${place}` }))));
    const ask = async (token: string, signal?: AbortSignal) => {
      const response = await fetch(url, { headers: { Authorization: `Bearer ${token}` }, ...(signal === undefined ? {} : { signal }) });
      return [response.status, await response.text()] as const;
    };
    const hangUp = new AbortController();
    // The very first is among the cancelled: whoever fetches first must not be whom the others hang on.
    const isCancelled = (place: number) => place % 3 === 0;
    const settling = Promise.allSettled(tokens.map((token, place) => ask(token, isCancelled(place) ? hangUp.signal : undefined)));
    // All of them are in the Worker and wait for the slow key set: then a third hangs up, and only then the keys come.
    for (let waited = 0; fetches < tokens.length && waited < 30_000; waited += 50) await sleep(50);
    assert.equal(fetches, tokens.length, "each request fetches for itself while there is no set");
    hangUp.abort();
    await sleep(200);
    release();
    const settled = await settling;
    for (const [place, outcome] of settled.entries()) {
      if (isCancelled(place)) assert.equal(outcome.status, "rejected");
      else assert.deepEqual(outcome, { status: "fulfilled", value: [200, '{"sub":"alice"}'] });
    }
    for (let later = 0; later < 50; later += 1) assert.equal((await ask(await sign(claims({ jti: `later${later}` }))))[0], 200);
    assert.equal(fetches, tokens.length, "the set is settled");
    assert.doesNotMatch(log(), CROSSED);
  } finally {
    await miniflare.dispose();
  }
});
