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
  const { url, miniflare, log } = await startWorker("cold-worker.ts", {
    outboundService: async () => {
      fetches += 1;
      await sleep(400);
      return new MiniflareResponse(JSON.stringify({ keys: [jwk] }), { headers: { "Content-Type": "application/json" } });
    },
  });
  try {
    assert.equal(fetches, 0, "making the verifier at module scope asks for nothing");
    const tokens = await Promise.all(Array.from({ length: 200 }, (_, place) => sign(claims({ jti: `t${place}` }))));
    const ask = (token: string, signal?: AbortSignal) => fetch(url, { headers: { Authorization: `Bearer ${token}` }, ...(signal === undefined ? {} : { signal }) });
    const answers = tokens.map(async (token, place) => {
      // The very first is among them: whoever fetches first must not be whom the others hang on.
      const signal = place % 3 === 0 ? AbortSignal.timeout(60 + (place % 5) * 20) : undefined;
      const response = await ask(token, signal);
      await response.arrayBuffer();
      return response.status;
    });
    const settled = await Promise.allSettled(answers);
    const cancelled = settled.filter(({ status }) => status === "rejected").length;
    const staying = settled.filter((_, place) => place % 3 !== 0);
    assert.ok(cancelled > 30, `${cancelled} were cancelled`);
    assert.ok(staying.every((one) => one.status === "fulfilled" && one.value === 200));
    for (let later = 0; later < 20; later += 1) assert.equal((await ask(await sign(claims({ jti: `later${later}` })))).status, 200);
    const asked = fetches;
    await ask(await sign(claims({ jti: "last" })));
    assert.equal(fetches, asked, "the set is settled");
    assert.doesNotMatch(log(), CROSSED);
  } finally {
    await miniflare.dispose();
  }
});
