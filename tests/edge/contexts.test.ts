// Guards in workerd that get no context of their request: nobody keeps a background refresh alive
// for them, and no request may wait for the work of another one.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Response as MiniflareResponse } from "miniflare";
import { claims, keyPair, NOW, sign } from "./suite/kit.ts";
import { ask, CROSSED, moment, until } from "./workerd/clients.ts";
import { type Running, startBehindFront } from "./workerd/start.ts";

const GOOD = '200 {"sub":"alice"}';
const WAYS = ["/hono", "/constant", "/look-alike", "/first", "/own"] as const;

let serial = 0;
/** A token that no cache of results knows. */
const fresh = () => sign(claims({ jti: `c${(serial += 1)}`, exp: NOW + 9_000 }));

/** The Worker, with a key endpoint whose sets are fresh for a minute. */
async function withWorker(work: (running: Running, means: Means) => Promise<void>): Promise<void> {
  const { jwk } = await keyPair();
  const means = { fetches: 0, waiting: 0, hangUp: moment(), answer: () => sleep(100) };
  const keys = async () => {
    means.fetches += 1;
    await means.answer();
    return MiniflareResponse.json({ keys: [jwk] }, { headers: { "Cache-Control": "max-age=60" } });
  };
  const gate = () => ((means.waiting += 1), means.hangUp.come);
  const running = await startBehindFront("context-worker.ts", keys, gate);
  try {
    await work(running, means);
    assert.doesNotMatch(running.log(), CROSSED);
  } finally {
    await running.miniflare.dispose();
  }
}

interface Means {
  fetches: number;
  /** Requests that will hang up at `hangUp`. */
  waiting: number;
  readonly hangUp: ReturnType<typeof moment>;
  /** How long the key endpoint takes. */
  answer: () => Promise<unknown>;
}

for (const way of WAYS) {
  describe(`guarded by way of ${way}`, () => {
    const at = (url: URL, seconds: number) => new URL(`${way}?at=${seconds}`, url);

    test(`edge_K122_answers_before_and_after_a_refresh, ${way}, in workerd`, async () => {
      await withWorker(async ({ url }) => {
        for (const seconds of [0, 70, 75, 130, 135, 200, 1_000])
          assert.equal(await ask(at(url, seconds), await fresh()), GOOD, `at ${seconds} s`);
      });
    });

    test(`edge_K122_answers_after_a_client_hung_up_cold, ${way}, in workerd`, async () => {
      await withWorker(async ({ url }, means) => {
        const release = moment();
        means.answer = () => release.come;
        const first = ask(at(url, 0), await fresh(), true);
        await until(() => means.fetches === 1 && means.waiting === 1);
        means.hangUp.now();
        assert.equal(await first, '200 "hung up"');
        release.now();
        for (const seconds of [1, 2, 70, 75, 130, 200])
          assert.equal(await ask(at(url, seconds), await fresh()), GOOD, `at ${seconds} s`);
      });
    });

    test(`edge_K122_answers_after_a_client_hung_up_stale, ${way}, in workerd`, async () => {
      await withWorker(async ({ url }, means) => {
        assert.equal(await ask(at(url, 0), await fresh()), GOOD);
        const release = moment();
        means.answer = () => release.come;
        // Past twice the lifetime of the set, so that every way fetches before it answers.
        const first = ask(at(url, 130), await fresh(), true);
        await until(() => means.fetches === 2 && means.waiting === 1);
        // Before the stamp of the cancelled request is over, the stale set serves.
        means.hangUp.now();
        assert.equal(await first, '200 "hung up"');
        assert.equal(await ask(at(url, 130), await fresh()), GOOD);
        assert.equal(means.fetches, 2);
        release.now();
        for (const seconds of [132, 133, 200, 205])
          assert.equal(await ask(at(url, seconds), await fresh()), GOOD, `at ${seconds} s`);
        assert.ok(means.fetches > 2, "a later request has tried again");
      });
    });
  });
}
