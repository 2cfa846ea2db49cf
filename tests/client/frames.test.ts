// Keeps in a page with a `<base>`, in a `srcdoc` frame and in a worker.

import assert from "node:assert/strict";
import { type Scene, scenes, script } from "./harness.ts";

const behaviour = scenes();

/**
 * A program for a place without page.ts. It makes a keep whose addresses are relative, starts it
 * and sends one request.
 */
const program = (refresh: string, request: string) => `
  import { createTokenKeep } from "/tokenkeep.js";
  const keep = createTokenKeep({ refresh: ${JSON.stringify(refresh)} });
  await keep.start();
  const { status } = await keep.fetch(${JSON.stringify(request)});
  if (globalThis.parent) parent.postMessage({ status }, "*");
  else postMessage({ status });
`;

/** Runs `begin` in the page and waits for what the program there says. */
async function said({ page }: Scene, begin: () => void): Promise<unknown> {
  await page.evaluate(() => {
    addEventListener("message", ({ data }) => Object.assign(globalThis, { said: data }));
  });
  await page.evaluate(begin);
  const said = await page.waitForFunction(() => (globalThis as unknown as { said: unknown }).said);
  return said.jsonValue();
}

/** The application's own server is authority and API as well. */
function serves({ app, ...scene }: Scene, refresh: string, path: string): void {
  app.on(refresh, () => scene.grant());
  app.on(path, ({ token }) => ({ status: token !== null && scene.valid.has(token) ? 200 : 401 }));
}

behaviour("client_E94_relative_addresses_count_from_the_base_of_the_document", async (scene) => {
  serves(scene, "/deep/session/refresh", "/deep/orders");
  await scene.page.evaluate(() => {
    document.head.appendChild(document.createElement("base")).href = "/deep/";
    globalThis.keep = stage.make({ refresh: "session/refresh" });
  });
  assert.equal((await scene.page.evaluate(() => keep.start())).status, "authenticated");
  assert.equal(await scene.page.evaluate(() => keep.fetch("orders").then((r) => r.status)), 200);
});

behaviour("client_E94_a_srcdoc_frame_has_the_addresses_and_origin_of_its_page", async (scene) => {
  serves(scene, "/session/refresh", "/orders");
  scene.app.on("/framed.js", () => script(program("/session/refresh", "/orders")));
  const told = await said(scene, () => {
    const frame = document.createElement("iframe");
    frame.srcdoc = '<!doctype html><script type="module" src="/framed.js"></script>';
    document.body.append(frame);
  });
  assert.deepEqual(told, { status: 200 });
});

behaviour("client_E94_in_a_worker_they_count_from_its_script", async (scene) => {
  serves(scene, "/work/refresh", "/work/orders");
  scene.app.on("/work/worker.js", () => script(program("refresh", "orders")));
  const told = await said(scene, () => {
    const worker = new Worker("/work/worker.js", { type: "module" });
    worker.onmessage = ({ data }) => postMessage(data);
  });
  assert.deepEqual(told, { status: 200 });
});
