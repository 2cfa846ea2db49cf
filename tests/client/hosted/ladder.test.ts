// What a script in the page gets, in each of three set-ups: the page host, the worker host, and a
// sealed worker with the policies of docs/worker-host.md. The table of docs/threat-model.md is
// this one.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { FETCH, HEAD, VERSION } from "../../../js/hosted/protocol.ts";
import { bundled, json, type Scene, scenes } from "../harness.ts";
import { grantJwts, leakIn } from "./hosted.ts";

const behaviour = scenes();

type SetUp = "page" | "worker" | "sealed";
type Result = "yes" | "no";

const html = (body: string, headers: Record<string, string> = {}) => ({
  headers: { "Content-Type": "text/html", "Cache-Control": "no-cache", ...headers },
  body,
});
const script = (body: string, headers: Record<string, string> = {}) => ({
  headers: { "Content-Type": "text/javascript", ...headers },
  body,
});

/** The application of a set-up: its page, its worker, and the policies of its answers. */
async function serve(scene: Scene, setUp: SetUp): Promise<void> {
  const { app, at, api } = scene;
  grantJwts(scene);
  const options = {
    refresh: `${at.authority}/session/refresh`,
    logout: `${at.authority}/session/logout`,
    origins: [at.api],
  };
  const policy = {
    "Content-Security-Policy": [
      "default-src 'none'; script-src 'self'; connect-src 'self'; frame-src 'self'",
      `worker-src ${at.app}/token.js`,
    ].join("; "),
  };
  const own = setUp === "sealed" ? policy : {};
  const body = '<!doctype html><script type="module" src="/page.js"></script>';
  app.on("/", () => html(body, own));
  // A file of the application that has no policy of its own, unless every answer has one.
  app.on("/plain.html", () => html("<p>plain", own));
  // One file: the page's policy names it, and judges what it imports.
  const text = `import { seal } from "./dist/worker.js"; seal(${JSON.stringify(options)});`;
  const worker = await bundled({ text, plugins: [] });
  app.on("/token.js", () =>
    script(worker, {
      ...(setUp === "sealed" && {
        "Content-Security-Policy": [
          "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'",
          `connect-src ${at.authority} ${at.api}`,
        ].join("; "),
      }),
    }),
  );
  app.on("/service.js", () =>
    script(`
      const seen = [];
      self.addEventListener("install", () => self.skipWaiting());
      self.addEventListener("activate", (event) => event.waitUntil(clients.claim()));
      self.addEventListener("fetch", (event) => {
        seen.push(event.request.headers.get("authorization") ?? "");
        if (event.request.url.endsWith("/seen")) event.respondWith(Response.json(seen));
      });`),
  );
  api.on("/echo", ({ headers }) => json(headers));
  api.on("/orders", () => json({ orders: ["a secret order"] }));
  scene.foreign.on("/session/refresh", () => ({ status: 404 }));
}

/** Loads the page and starts its keep. */
async function start({ page, at }: Scene, setUp: SetUp): Promise<void> {
  await page.goto(at.app);
  await page.waitForFunction(() => "stage" in globalThis);
  await page.evaluate(
    ([{ authority, api }, setUp]) => {
      const make = () =>
        new Worker(setUp === "sealed" ? "/token.js" : "/worker.js", { type: "module" });
      globalThis.keep = stage.make({
        refresh: `${authority}/session/refresh`,
        logout: `${authority}/session/logout`,
        origins: [api],
        ...(setUp === "page" ? {} : { host: make }),
      });
    },
    [at, setUp] as const,
  );
}

/** Runs a text in the page, as an injected script would, past its policy for `eval`. */
async function inject(page: Page, body: string): Promise<string> {
  const told = await page.evaluate(body);
  return typeof told === "string" ? told : JSON.stringify(told ?? null);
}

/** Each attack resolves to what it has got hold of, as text. */
const ATTACKS: Record<string, (scene: Scene, setUp: SetUp) => Promise<string>> = {
  async sees_the_token_through_patched_functions(scene, setUp) {
    const { page } = scene;
    await page.addInitScript(`(() => {
      const caught = (globalThis.caught = []);
      for (const name of ["set", "append"]) {
        const original = Headers.prototype[name];
        Headers.prototype[name] = function (key, value) {
          caught.push(value);
          return original.call(this, key, value);
        };
      }
      const { fetch } = globalThis;
      globalThis.fetch = (input, init) => {
        if (input instanceof Request) caught.push(input.headers.get("authorization") ?? "");
        return fetch(input, init);
      };
      const { postMessage } = MessagePort.prototype;
      MessagePort.prototype.postMessage = function (...given) {
        caught.push(JSON.stringify(given[0]));
        return postMessage.apply(this, given);
      };
    })()`);
    await start(scene, setUp);
    await page.evaluate(({ api }) => keep.fetch(`${api}/orders`), scene.at);
    return inject(page, "globalThis.caught.join()");
  },

  async reads_the_memory_through_a_patched_WebAssembly(scene, setUp) {
    const { page } = scene;
    await page.addInitScript(`(() => {
      const { instantiate } = WebAssembly;
      WebAssembly.instantiate = async (...given) => {
        const made = await instantiate.apply(WebAssembly, given);
        const all = Object.values((made.instance ?? made).exports);
        globalThis.memory = all.find((one) => one instanceof WebAssembly.Memory);
        return made;
      };
    })()`);
    await start(scene, setUp);
    await page.evaluate(() => keep.start());
    return inject(
      page,
      `Array.from(new Uint8Array(globalThis.memory?.buffer ?? 0))
        .map((byte) => String.fromCharCode(byte))
        .join("")`,
    );
  },

  async asks_the_refresh_endpoint_itself(scene, setUp) {
    await start(scene, setUp);
    return inject(
      scene.page,
      `fetch("${scene.at.authority}/session/refresh", { method: "POST", credentials: "include" })
        .then((one) => one.text(), String)`,
    );
  },

  async starts_a_worker_of_its_own_with_its_server_listed(scene, setUp) {
    const { page, at, foreign } = scene;
    await start(scene, setUp);
    await inject(
      page,
      `(async () => {
        const worker = new Worker("/worker.js", { type: "module" });
        const refused = new Promise((resolve) => worker.addEventListener("error", resolve));
        const { port1, port2 } = new MessageChannel();
        const refresh = "${at.authority}/session/refresh";
        const settings = JSON.stringify({ refresh, origins: ["${at.foreign}"] });
        const hello = { tokenkeep: [${VERSION}], settings, base: location.href, port: port2 };
        worker.postMessage(hello, [port2]);
        const sent = { method: "GET", mode: "cors", credentials: "omit" };
        port1.postMessage([${FETCH}, 1, "${at.foreign}/take", sent, [], null, true]);
        const answered = new Promise((resolve) => {
          port1.onmessage = ({ data }) => data[0] === ${HEAD} && resolve();
        });
        await Promise.race([refused, answered]);
      })().catch(String)`,
    );
    return foreign.calls.map(({ headers }) => headers.authorization ?? "").join();
  },

  async reads_an_answer_that_repeats_the_request(scene, setUp) {
    await start(scene, setUp);
    return inject(scene.page, `keep.fetch("${scene.at.api}/echo").then((one) => one.text())`);
  },

  async asks_from_a_frame_without_a_policy(scene, setUp) {
    await start(scene, setUp);
    return inject(
      scene.page,
      `(async () => {
        const frame = document.createElement("iframe");
        frame.src = "/plain.html";
        const loaded = new Promise((resolve) => (frame.onload = resolve));
        document.body.append(frame);
        await loaded;
        const init = { method: "POST", credentials: "include" };
        const url = "${scene.at.authority}/session/refresh";
        const one = await frame.contentWindow.fetch(url, init);
        return one.text();
      })().catch(String)`,
    );
  },

  async installs_a_service_worker(scene, setUp) {
    const { page } = scene;
    await start(scene, setUp);
    const installed = await inject(
      page,
      `navigator.serviceWorker.register("/service.js")
        .then(() => navigator.serviceWorker.ready).then(() => "installed", String)`,
    );
    if (installed !== "installed") return installed;
    await start(scene, setUp);
    await page.evaluate(({ api }) => keep.fetch(`${api}/orders`), scene.at);
    return inject(page, `fetch("/seen").then((one) => one.text())`);
  },
};

/** The table: what an attack gets by the page host, by a worker, and by a sealed one. */
const TABLE: Record<string, readonly [Result, Result, Result]> = {
  sees_the_token_through_patched_functions: ["yes", "no", "no"],
  reads_the_memory_through_a_patched_WebAssembly: ["yes", "no", "no"],
  asks_the_refresh_endpoint_itself: ["yes", "yes", "no"],
  starts_a_worker_of_its_own_with_its_server_listed: ["yes", "yes", "no"],
  reads_an_answer_that_repeats_the_request: ["yes", "yes", "yes"],
  asks_from_a_frame_without_a_policy: ["yes", "yes", "no"],
  installs_a_service_worker: ["yes", "yes", "no"],
};

for (const [attack, results] of Object.entries(TABLE)) {
  for (const [place, setUp] of (["page", "worker", "sealed"] as const).entries()) {
    const result = results[place];
    behaviour(
      `client_W30_a_script_that_${attack}_gets_a_token_${setUp}_${result}`,
      async (scene) => {
        await serve(scene, setUp);
        const got = await ATTACKS[attack]!(scene, setUp);
        // The keep works all the same.
        const { value } = await scene.page.evaluate(
          ({ api }) => stage.outcome(keep.fetch(`${api}/orders`)),
          scene.at,
        );
        assert.equal(value, 200);
        const found = leakIn([got], scene.granted) === undefined ? "no" : "yes";
        assert.equal(found, result, got.slice(0, 500));
      },
    );
  }
}

behaviour("client_W30_a_script_uses_the_session_through_the_keep", async (scene) => {
  for (const setUp of ["page", "worker", "sealed"] as const) {
    await serve(scene, setUp);
    await start(scene, setUp);
    const text = await inject(
      scene.page,
      `keep.fetch("${scene.at.api}/orders").then((one) => one.text())`,
    );
    assert.match(text, /a secret order/, setUp);
  }
});

behaviour(
  "client_W29_a_page_with_strict_policies_needs_no_wasm_and_no_API_in_its_own",
  async (scene) => {
    const { page, at } = scene;
    await serve(scene, "sealed");
    await start(scene, "sealed");
    const told = await page.evaluate(async ({ api }) => {
      const answer = await stage.outcome(keep.fetch(`${api}/orders`));
      const module = await WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])).then(
        () => "compiled",
        (error: Error) => error.name,
      );
      const own = await fetch(`${api}/orders`).then(
        () => "sent",
        (error: Error) => error.name,
      );
      return [answer.value, module, own];
    }, at);
    assert.deepEqual(told, [200, "CompileError", "TypeError"]);
  },
);

behaviour(
  "client_W29_wasm_that_the_workers_policy_forbids_is_told_with_the_workers_address",
  async (scene) => {
    const { page, app, at } = scene;
    const said: string[] = [];
    page.on("console", (message) => void said.push(message.text()));
    await serve(scene, "worker");
    app.on("/token.js", () =>
      script('import "/worker.js";', { "Content-Security-Policy": "script-src 'self'" }),
    );
    await page.goto(at.app);
    await page.waitForFunction(() => "stage" in globalThis);
    const { error } = await page.evaluate(({ authority }) => {
      const host = () => new Worker("/token.js", { type: "module" });
      const refresh = `${authority}/session/refresh`;
      return stage.outcome(stage.createTokenKeep({ refresh, host }).start());
    }, at);
    assert.equal(error?.code, "wasm_unavailable");
    assert.equal(error?.retryable, false);
    assert.match(error?.message ?? "", /'wasm-unsafe-eval'/);
    assert.ok(
      said.some((line) => line.startsWith("tokenkeep:") && line.includes(`${at.app}/token.js`)),
      said.join("\n"),
    );
  },
);
