// One key for all tabs of an origin: `dpop: { key: "origin" }`. It lies in IndexedDB until a
// logout.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { Binding } from "./dpop-authority.ts";
import { type Options, type Scene, scenes, until } from "./harness.ts";

const behaviour = scenes();
const REFRESH = "/session/refresh";
const dpop = { key: "origin" } as const;

/** Starts a keep in a page that has been loaded anew. */
async function reloaded(scene: Scene, options: Options, page = scene.page): Promise<void> {
  await page.reload();
  await page.waitForFunction(() => "stage" in globalThis);
  await scene.started(options, page);
}

/** What lies in the database, by name; null where there is none. */
const kept = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<Record<string, unknown> | null>((resolve) => {
        const request = indexedDB.open("tokenkeep");
        request.onupgradeneeded = () => request.transaction!.abort();
        request.onerror = () => resolve(null);
        request.onsuccess = () => {
          const database = request.result;
          const store = database.transaction("dpop").objectStore("dpop");
          const [names, entries] = [store.getAllKeys(), store.getAll()];
          entries.transaction!.oncomplete = () => {
            database.close();
            const described = entries.result.map(({ v, alg, x, privateKey }) => ({
              v,
              alg,
              x,
              extractable: privateKey?.extractable,
            }));
            resolve(Object.fromEntries(names.result.map((name, at) => [name, described[at]])));
          };
        };
      }),
  );

/** Puts something else in the place of the key. */
const plant = (page: Page, name: string, entry: unknown) =>
  page.evaluate(
    ([name, entry]) =>
      new Promise<void>((resolve, reject) => {
        const request = indexedDB.open("tokenkeep", 1);
        request.onupgradeneeded = () => request.result.createObjectStore("dpop");
        request.onerror = () => reject(request.error);
        request.onsuccess = () => {
          const transaction = request.result.transaction("dpop", "readwrite");
          transaction.objectStore("dpop").put(entry, name);
          transaction.oncomplete = () => (request.result.close(), resolve());
        };
      }),
    [name, entry] as const,
  );

const thumbprints = (binding: Binding) =>
  new Set(binding.to(REFRESH).map(({ thumbprint }) => thumbprint));

behaviour("client_P300_all_tabs_and_reloads_have_one_key", async (scene) => {
  const binding = new Binding(scene);
  const others = [await scene.open(), await scene.open()];
  // At once: of several candidates one is taken.
  await Promise.all([scene.page, ...others].map((page) => scene.started({ dpop }, page)));
  await reloaded(scene, { dpop });
  assert.equal(binding.to(REFRESH).length, 4);
  assert.equal(thumbprints(binding).size, 1);
  const [entry] = Object.values((await kept(scene.page)) ?? {});
  const { x } = binding.proofs[0]!.header.jwk;
  assert.deepEqual(entry, { v: 1, alg: "ES256", x, extractable: false });
});

behaviour("client_P300_keeps_of_other_names_have_keys_of_their_own", async (scene) => {
  const binding = new Binding(scene);
  await scene.started({ dpop, name: "first" });
  await scene.started({ dpop, name: "second" });
  assert.equal(thumbprints(binding).size, 2);
  assert.deepEqual(Object.keys((await kept(scene.page)) ?? {}), ["first", "second"]);
});

behaviour(
  "client_P301_a_logout_removes_the_key_and_the_next_session_has_another",
  async (scene) => {
    const binding = new Binding(scene);
    const second = await scene.open();
    await scene.started({ dpop, name: "keep" });
    await scene.started({ dpop, name: "keep" }, second);
    const before = (await kept(scene.page))?.["keep"];
    await scene.page.evaluate(() => keep.logout());
    await scene.reaches("anonymous", second);
    // Signed in anew in the same page, and all tabs use the new key.
    await scene.page.evaluate(
      ({ authority }) => keep.signIn(`${authority}/login`, { method: "POST" }),
      scene.at,
    );
    await scene.reaches("authenticated", second);
    await reloaded(scene, { dpop, name: "keep" });
    const now = binding.proofs.at(-1)!.thumbprint;
    assert.notEqual(now, binding.proofs[0]!.thumbprint);
    const third = await scene.open();
    await scene.started({ dpop, name: "keep" }, third);
    assert.equal(binding.proofs.at(-1)!.thumbprint, now);
    assert.equal(binding.proofs.find(({ path }) => path === "/login")?.thumbprint, now);
    assert.notDeepEqual((await kept(scene.page))?.["keep"], before);
  },
);

for (const entry of [null, 7, {}, { v: 2 }, { v: 1, alg: "ES256", x: "x" }]) {
  behaviour(`client_P302_${JSON.stringify(entry)}_in_its_place_is_replaced`, async (scene) => {
    const binding = new Binding(scene);
    await plant(scene.page, "keep", entry);
    await scene.started({ dpop, name: "keep" });
    assert.equal((await scene.session()).status, "authenticated");
    const { x } = binding.proofs[0]!.header.jwk;
    await until(async () => {
      const found = (await kept(scene.page))?.["keep"] as { x?: string } | undefined;
      return found?.x === x;
    }, "the key to lie there");
  });
}

behaviour("client_P303_without_a_database_nothing_is_sent", async (scene) => {
  new Binding(scene);
  await scene.page.evaluate(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException("refused", "SecurityError");
    };
  });
  await scene.keep({ dpop });
  const outcome = await scene.page.evaluate(() => stage.outcome(keep.start()));
  assert.equal(outcome.error?.code, "dpop_unavailable");
  assert.equal(scene.authority.calls.length, 0);
});
