// With a worker host the key, the proofs and the nonces are the worker's. The page makes none, and
// no message tells it of one.

import assert from "node:assert/strict";
import { Binding } from "../dpop-authority.ts";
import { scenes } from "../harness.ts";
import { type Kind, liveIn, passed, reload, tap } from "./hosted.ts";

const behaviour = scenes();

/** Runs in the page before any other script: notes what it asks of Web Crypto. */
const watch = `(() => {
  globalThis.asked = [];
  for (const prototype of [SubtleCrypto.prototype, Crypto.prototype])
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype)))
      if (typeof value === "function" && name !== "constructor")
        prototype[name] = function (...given) {
          globalThis.asked.push(name);
          return value.apply(this, given);
        };
})()`;

for (const [kind, name] of Object.entries({
  page: "client_P25_the_watch_sees_the_key_and_the_proofs_of_a_page_host",
  dedicated: "client_P25_with_a_worker_neither_key_nor_proof_is_made_in_the_page",
  shared: "client_P25_with_a_shared_worker_neither_key_nor_proof_is_made_in_the_page",
} satisfies Record<Kind | "page", string>) as [Kind | "page", string][]) {
  behaviour(name, async (scene) => {
    const { page, context, at, authority, api } = scene;
    const binding = new Binding(scene);
    Object.assign(binding.nonces, { authority: "of-the-authority", api: "of-the-api" });
    await context.addInitScript(tap);
    await context.addInitScript(watch);
    await reload(page);
    await liveIn(kind, page);
    await scene.started({ dpop: true });
    const statuses = await page.evaluate(async ({ authority, api }) => {
      const { status } = await keep.fetch(`${api}/orders`);
      await keep.refresh();
      const { status: again } = await keep.fetch(`${api}/orders`);
      const signedIn = await keep.signIn(`${authority}/login`, { method: "POST" });
      return [status, again, signedIn.status];
    }, at);
    assert.deepEqual(statuses, [200, 200, 200]);

    const asked = await page.evaluate(() => (globalThis as unknown as { asked: string[] }).asked);
    if (kind === "page") {
      assert.ok(asked.includes("generateKey") && asked.includes("sign"), asked.join());
      return;
    }
    assert.deepEqual(asked, []);
    const texts = await passed(page);
    const has = (secret: string) => texts.some((text) => text.includes(secret));
    const sent = [...authority.calls, ...api.calls].flatMap(({ headers }) => headers["dpop"] ?? []);
    assert.ok(sent.length >= 6 && texts.length > 20, `${sent.length} proofs`);
    for (const proof of sent) for (const part of proof.split(".")) assert.equal(has(part), false);
    const { x = "", y = "" } = binding.proofs[0]?.header.jwk ?? {};
    assert.ok(x && y && !has(x) && !has(y));
    for (const secret of ["of-the-authority", "of-the-api", "a key"])
      assert.equal(has(secret), false, secret);
  });
}

for (const kind of ["dedicated", "shared"] as const)
  behaviour(`client_P340_a_key_of_the_origin_is_that_of_a_${kind}_worker_too`, async (scene) => {
    const { page, at } = scene;
    const binding = new Binding(scene);
    const dpop = { key: "origin" } as const;
    await scene.started({ dpop });
    await liveIn(kind, page);
    await scene.started({ dpop });
    const status = await page.evaluate(
      ({ api }) => keep.fetch(`${api}/orders`).then(({ status }) => status),
      at,
    );
    assert.equal(status, 200);
    const keys = new Set(binding.proofs.map(({ thumbprint }) => thumbprint));
    assert.deepEqual([binding.proofs.length, keys.size], [3, 1]);
  });
