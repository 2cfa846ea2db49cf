// Nothing of the token reaches the page, whatever a script there has patched.

import assert from "node:assert/strict";
import { type Scene, scenes } from "../harness.ts";
import { grantJwts, type Kind, leakIn, liveIn, passed, reload, tap } from "./hosted.ts";

const behaviour = scenes();

/** A whole life of a keep: it starts, calls, retries, signs in, fails in every way, logs out. */
async function live(scene: Scene): Promise<void> {
  const { page, at, authority, api, valid } = scene;
  await scene.started({ timeout: 1000, csrf: { cookie: "csrf", header: "X-Csrf" } });
  await page.evaluate(({ api }) => keep.fetch(`${api}/orders`).then((one) => one.text()), at);
  valid.clear();
  await page.evaluate(
    ({ api }) => keep.fetch(`${api}/orders`, { method: "POST", body: "an order" }),
    at,
  );
  await page.evaluate(() => keep.refresh());
  for (const fault of [
    { status: 503 },
    { status: 404 },
    { status: 429, headers: { "Retry-After": "0" } },
    { cut: true },
    { headers: { "Content-Type": "text/html" }, body: "<p>no" },
    { headers: { "Content-Type": "application/json" }, body: "{}" },
  ]) {
    authority.on("/session/refresh", () => fault);
    await page.evaluate(() => stage.outcome(keep.refresh()));
  }
  authority.on("/session/refresh", () => new Promise(() => undefined));
  await page.evaluate(() => stage.outcome(keep.refresh()));
  api.on("/broken", () => ({ cut: true }));
  await page.evaluate(({ api }) => stage.outcome(keep.fetch(`${api}/broken`)), at);
  await page.evaluate(
    ({ authority }) => keep.signIn(`${authority}/session/sign-in`, { method: "POST" }),
    at,
  );
  await page.evaluate(({ api }) => keep.fetch(`${api}/orders`), at);
  await page.evaluate(() => JSON.stringify([keep.session, keep.explain(), stage.events]));
  await page.evaluate(() => keep.logout());
}

for (const [kind, name] of Object.entries({
  dedicated: "client_W1_no_message_holds_a_part_of_a_token",
  shared: "client_W1_no_message_of_a_shared_worker_holds_a_part_of_a_token",
} satisfies Record<Kind, string>) as [Kind, string][]) {
  behaviour(name, async (scene) => {
    const { page, context } = scene;
    grantJwts(scene);
    await context.addInitScript(tap);
    await reload(page);
    await liveIn(kind, page);
    await live(scene);
    const texts = await passed(page);
    assert.ok(scene.granted.length >= 4 && texts.length > 100, `${texts.length} texts`);
    assert.ok(
      texts.some((text) => text.includes("an order")) && texts.includes("/orders") === false,
    );
    assert.equal(leakIn(texts, scene.granted), undefined);
    // The search finds what is there.
    assert.ok(leakIn([...texts, `a ${scene.granted[1]?.slice(-14)} b`], scene.granted));
  });
}

/** Patches what a token passes through in a page, and copies every text that comes by. */
const wiretap = `(() => {
  const caught = (globalThis.caught = []);
  const then = Promise.prototype.then;
  const { forEach } = Headers.prototype;
  const keep = (text) => void (caught[caught.length] = text);
  const seen = (value) => {
    if (typeof value === "string") keep(value);
    if (value instanceof Headers) forEach.call(value, keep);
    if (value instanceof Request) seen(value.headers);
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) keep(decode(value));
  };
  const native = TextDecoder.prototype.decode;
  const decode = (value) => native.call(new TextDecoder("latin1"), value);
  const patch = (target, name) => {
    const original = target[name];
    target[name] = function (...given) {
      for (let at = 0; at < given.length; at++) seen(given[at]);
      const result = original.apply(this, given);
      seen(result);
      return result;
    };
  };
  patch(Headers.prototype, "set");
  patch(Headers.prototype, "append");
  patch(Headers.prototype, "get");
  patch(TextDecoder.prototype, "decode");
  patch(JSON, "parse");
  patch(JSON, "stringify");
  patch(Array.prototype, "push");
  patch(Array.prototype, "join");
  patch(String.prototype, "slice");
  patch(globalThis, "fetch");
  patch(MessagePort.prototype, "postMessage");
  patch(Worker.prototype, "postMessage");
  Promise.prototype.then = function (...given) {
    return then.call(this, (value) => (seen(value), given[0] ? given[0](value) : value), given[1]);
  };
  const { Request: Native } = globalThis;
  globalThis.Request = new Proxy(Native, {
    construct(target, given) {
      const made = Reflect.construct(target, given);
      seen(made);
      return made;
    },
  });
  for (const name of ["instantiate", "compile"]) {
    const original = WebAssembly[name];
    WebAssembly[name] = async (source, imports) => {
      const made = await original.call(WebAssembly, source, imports);
      globalThis.memories = (globalThis.memories ?? 0) + 1;
      globalThis.instance = made.instance ?? made;
      return made;
    };
  }
})()`;

/** What the wiretap has caught, and the wasm memory of the page, if there is one. */
function caught(scene: Scene): Promise<string[]> {
  return scene.page.evaluate(() => {
    const { caught, instance } = globalThis as unknown as {
      caught: string[];
      instance?: WebAssembly.Instance;
    };
    const memories = Object.values(instance?.exports ?? {}).filter(
      (one): one is WebAssembly.Memory => one instanceof WebAssembly.Memory,
    );
    const texts = memories.map(({ buffer }) => {
      let text = "";
      for (const byte of new Uint8Array(buffer)) text += String.fromCharCode(byte);
      return text;
    });
    return [...caught, ...texts];
  });
}

for (const kind of ["page", "dedicated", "shared"] as const) {
  for (const when of ["before", "after"] as const) {
    if (kind === "page" && when === "after") continue;
    behaviour(
      `client_W3_patches_made_${when}_the_client_loads_see_${kind === "page" ? "the token of a page host" : `no_token_${kind}`}`.replaceAll(
        " ",
        "_",
      ),
      async (scene) => {
        const { page, context } = scene;
        grantJwts(scene);
        if (when === "before") await context.addInitScript(wiretap);
        await reload(page);
        await liveIn(kind, page);
        if (when === "after") await page.evaluate(wiretap);
        await live(scene);
        const leak = leakIn(await caught(scene), scene.granted);
        if (kind === "page") assert.ok(leak, "the wiretap works");
        else assert.equal(leak, undefined);
      },
    );
  }
}

behaviour(
  "client_W2_the_heap_of_the_page_has_no_token_and_no_wasm_is_made_there",
  async (scene) => {
    const { page, context } = scene;
    grantJwts(scene);
    await context.addInitScript(wiretap);
    await reload(page);
    await liveIn("dedicated", page);
    await scene.started();
    await page.evaluate(
      ({ api }) => keep.fetch(`${api}/orders`).then((one) => one.text()),
      scene.at,
    );
    const made = await page.evaluate(() => (globalThis as { memories?: number }).memories);
    assert.equal(made, undefined);
    const snapshot = async () => {
      const wire = await context.newCDPSession(page);
      const chunks: string[] = [];
      wire.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => chunks.push(chunk));
      await wire.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
      await wire.detach();
      return chunks.join("");
    };
    const [token = ""] = scene.granted;
    assert.equal((await snapshot()).includes(token.slice(-40)), false);
    // A token that is planted in the page is found.
    await page.evaluate((token) => Object.assign(globalThis, { planted: token }), token);
    assert.ok((await snapshot()).includes(token.slice(-40)));
  },
);
