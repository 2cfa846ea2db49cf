// Places where the token must not be found: copies of the keep, the developer tools, messages to
// other tabs, the rest of the requests, and caches on disk.

import assert from "node:assert/strict";
import type { CDPSession } from "playwright-core";
import { json, scenes, until } from "./harness.ts";

const behaviour = scenes();

/** Finds any twelve characters of a token in a row. The header of a JWT is no secret. */
function leaks(tokens: readonly string[], text: string): string[] {
  return tokens
    .flatMap((token) => token.slice(token.indexOf(".") + 1).match(/.{12}/g) ?? [])
    .filter((piece) => text.includes(piece));
}

/**
 * What the developer tools show of an object when it is unfolded, private fields included, some
 * levels deep.
 */
async function inspect(wire: CDPSession, objectId: string, depth: number): Promise<string> {
  const shown = await wire.send("Runtime.getProperties", {
    objectId,
    ownProperties: true,
    generatePreview: true,
  });
  const parts = [JSON.stringify(shown)];
  if (depth > 0) {
    for (const { value } of [...shown.result, ...(shown.privateProperties ?? [])]) {
      if (value?.objectId !== undefined && value.type !== "function")
        parts.push(await inspect(wire, value.objectId, depth - 1));
    }
  }
  return parts.join("\n");
}

behaviour("client_E47_a_keep_shows_its_token_to_no_copy_log_or_inspection", async (scene) => {
  const { page, context, at, granted } = scene;
  const lines: string[] = [];
  page.on("console", (message) => lines.push(message.text()));
  scene.subject = "ann";
  await scene.started();
  await page.evaluate(({ api }) => keep.fetch(`${api}/x`), at);

  const texts = await page.evaluate(async () => {
    const texts: string[] = [];
    const copy = (value: unknown) => {
      try {
        texts.push(JSON.stringify(structuredClone(value)));
      } catch (error) {
        texts.push(String(error));
      }
    };
    for (const value of [keep, keep.session, keep.explain(), stage.events, { keep }]) copy(value);
    texts.push(
      JSON.stringify(keep),
      String(keep),
      JSON.stringify({ ...keep }),
      keep.fetch.toString(),
    );
    const walked = new Set<object>();
    const walk = (value: unknown): void => {
      if (typeof value === "string") texts.push(value);
      if (
        (typeof value !== "object" && typeof value !== "function") ||
        value === null ||
        walked.has(value)
      )
        return;
      walked.add(value);
      for (const key of Reflect.ownKeys(value)) {
        try {
          walk(Reflect.get(value, key));
        } catch {
          // A getter that needs another receiver holds nothing that could be read.
        }
      }
      walk(Object.getPrototypeOf(value));
    };
    walk(keep);
    console.log(keep, [keep], { keep });
    console.log("%o %O %s", keep, keep.session, keep);
    console.dir(keep);
    console.table(keep.explain());
    console.error(
      await keep
        .withToken(() => Promise.reject(new Error("mine")))
        .catch((error: unknown) => error),
    );
    return texts;
  });
  assert.deepEqual(leaks(granted, texts.join("\n")), []);
  await until(() => lines.length >= 5, "the console");
  assert.deepEqual(leaks(granted, lines.join("\n")), []);

  const wire = await context.newCDPSession(page);
  const { result } = await wire.send("Runtime.evaluate", { expression: "keep" });
  const shown = await inspect(wire, result.objectId!, 4);
  assert.ok(
    shown.includes("privateProperties") && shown.includes("authenticated"),
    "the tools see private fields",
  );
  assert.deepEqual(leaks(granted, shown), []);
  // The search does find a token where there is one.
  const { result: planted } = await wire.send("Runtime.evaluate", {
    expression: "keep.withToken((token) => ({ deep: { token } }))",
    awaitPromise: true,
  });
  assert.notDeepEqual(leaks(granted, await inspect(wire, planted.objectId!, 4)), []);
});

behaviour(
  "client_E47_the_token_travels_in_one_header_only_and_no_tab_cache_or_referrer_has_it",
  async (scene) => {
    const { page, context, app, authority, api, foreign, at, granted } = scene;
    scene.subject = "ann";
    const second = await scene.open();
    await second.evaluate(({ authority }) => {
      const heard: unknown[] = [];
      Object.assign(globalThis, { heard });
      new BroadcastChannel(`tokenkeep:${authority}/session/refresh`).onmessage = ({ data }) =>
        heard.push(data);
    }, at);
    await scene.started();
    scene.valid.clear();
    api.on("/cacheable", ({ token }) =>
      scene.valid.has(token ?? "")
        ? { headers: { "Cache-Control": "max-age=600" }, body: "kept" }
        : json({}, 401),
    );
    await page.evaluate(async ({ api, foreign, authority }) => {
      await keep.fetch(`${api}/cacheable`);
      await keep.fetch(`${api}/x?query=1`, { method: "POST", body: "mine" });
      await keep.fetch(`${foreign}/y`, { referrerPolicy: "unsafe-url" });
      await keep.signIn(`${authority}/session/refresh`, { method: "POST", body: "{}" });
      const cache = await caches.open("pages");
      await cache.put(new Request(`${api}/cacheable`), await keep.fetch(`${api}/cacheable`));
      await keep.refresh();
      await keep.logout();
    }, at);

    const sent = [app, authority, api, foreign].flatMap(({ calls }) => calls);
    assert.ok(sent.some(({ token }) => token !== null));
    for (const { path, search, headers, body } of sent) {
      const { authorization, ...others } = headers;
      assert.deepEqual(
        leaks(granted, path + search + JSON.stringify(others) + body.toString()),
        [],
        path,
      );
    }
    await until(
      () =>
        second.evaluate(() => (globalThis as unknown as { heard: unknown[] }).heard.length >= 4),
      "the news",
    );
    const heard = await second.evaluate(() =>
      (globalThis as unknown as { heard: unknown[] }).heard.map((data) =>
        data instanceof Float64Array && data.length === 7 ? [...data] : data,
      ),
    );
    for (const message of heard)
      assert.ok(
        Array.isArray(message) && message.every((part) => typeof part === "number"),
        "a message is seven numbers",
      );

    const kept = await page.evaluate(async () => {
      const texts: string[] = [];
      for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const request of await cache.keys())
          texts.push(
            request.url,
            JSON.stringify([...request.headers]),
            await (await cache.match(request))!.text(),
          );
      }
      const entries = performance.getEntries().map((entry) => JSON.stringify(entry));
      return [
        ...texts,
        ...entries,
        document.cookie,
        location.href,
        document.referrer,
        JSON.stringify(history.state),
        JSON.stringify(localStorage),
        JSON.stringify(sessionStorage),
      ];
    });
    assert.ok(kept.includes("kept"));
    assert.deepEqual(leaks(granted, kept.join("\n")), []);
    assert.deepEqual(
      leaks(granted, JSON.stringify(await context.storageState({ indexedDB: true }))),
      [],
    );
  },
);
