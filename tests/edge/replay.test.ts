// `durableReplay` over real Durable Objects of workerd, between isolates that share nothing else.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Miniflare, Response as MiniflareResponse } from "miniflare";
import { boundTo, clientOf, proofBy, TARGET } from "./suite/dpop-kit.ts";
import { keyPair } from "./suite/kit.ts";
import { workerOf } from "./workerd/start.ts";

const now = () => Math.floor(Date.now() / 1000);

/** Isolates `a` and `b` around the objects that `a` exports, which stay in a folder. */
async function isolates(folder: string) {
  const { jwk } = await keyPair();
  const worker = await workerOf("replay-worker.ts");
  const isolate = (name: string) => ({
    ...worker,
    name,
    durableObjects: { PROOFS: { className: "Proofs", scriptName: "a" } },
    outboundService: () => MiniflareResponse.json({ keys: [jwk] }),
  });
  const miniflare = new Miniflare({
    workers: [isolate("a"), isolate("b")],
    durableObjectsPersist: folder,
    cf: false,
  });
  const send = async (name: string, url: string, headers: Record<string, string> = {}) => {
    const answer = await (await miniflare.getWorker(name)).fetch(url, { headers });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  return {
    /** What an isolate answers to a request. */
    ask: (name: string, token: string, proof: string) =>
      send(name, TARGET, { Authorization: `DPoP ${token}`, DPoP: proof }),
    /** What the object of a key holds; `/alarm`: after it has looked for what has expired. */
    kept: async (key: string, path = "/") =>
      (await send("a", `${new URL(path, TARGET)}?key=${key}`)).body as {
        kept: [string, number][];
        alarm: number | null;
      },
    stop: () => miniflare.dispose(),
  };
}

test("edge_Q18_of_equal_proofs_at_once_exactly_one_is_the_first_also_after_an_eviction, in workerd", async () => {
  const folder = mkdtempSync(join(tmpdir(), "replay-"));
  const client = await clientOf();
  const token = await boundTo(client, { iat: now(), exp: now() + 600 });
  const proofFor = (jti: string) => proofBy(client, { token, payload: { jti, iat: now() } });
  let running = await isolates(folder);
  try {
    const proof = await proofFor("one");
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, place) => running.ask(place % 2 ? "a" : "b", token, proof)),
    );
    const counts = new Map<string, number>();
    for (const { status, body } of answers) {
      const key = `${status} ${JSON.stringify(body)}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    assert.deepEqual(Object.fromEntries(counts), {
      '200 {"jti":"one"}': 1,
      '401 {"error":"invalid_dpop_proof"}': 99,
    });
    assert.equal((await running.ask("a", token, await proofFor("two"))).status, 200);
    const { kept, alarm } = await running.kept(client.jkt);
    assert.equal(kept.length, 2);
    assert.ok(kept.every(([name]) => /^[\w-]{22}$/.test(name)));
    assert.ok(alarm !== null && alarm > Date.now());
    assert.deepEqual(await running.kept("another"), { kept: [], alarm: null });
    // Another process of workerd: all that is left is what the objects have written.
    await running.stop();
    running = await isolates(folder);
    for (const name of ["a", "b"]) {
      const { status, body } = await running.ask(name, token, proof);
      assert.deepEqual([status, body], [401, { error: "invalid_dpop_proof" }]);
    }
    assert.equal((await running.ask("b", token, await proofFor("three"))).status, 200);
    // What is alive outlives the alarm.
    assert.equal((await running.kept(client.jkt, "/alarm")).kept.length, 3);
  } finally {
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
