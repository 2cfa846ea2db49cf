// The worker's own file as bundlers build it. It imports `tokenkeep/worker` for its effect alone,
// which a bundler may not drop.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { before } from "node:test";
import { build as esbuild } from "esbuild";
import { build as vite } from "vite";
import { type Project, project } from "../../package/project.ts";
import { type Scene, scenes } from "../harness.ts";

const behaviour = scenes();

const pageOf = (kind: "Worker" | "SharedWorker", url: string) => `
  import { createTokenKeep, TokenKeepError } from "tokenkeep/hosted";
  globalThis.start = async (options) => {
    const host = () => new ${kind}(${url}, { type: "module" });
    globalThis.keep = createTokenKeep({ ...options, host });
    await keep.start();
    const { status } = await keep.fetch(options.origins[0] + "/orders");
    const refused = await keep.withToken(() => 0).catch((error) => error instanceof TokenKeepError);
    return [keep.session.status, status, refused];
  };`;
const OWN_FILE = 'new URL("./token.worker.js", import.meta.url)';
const FILES = {
  "token.worker.js": 'import "tokenkeep/worker";',
  "dedicated.js": pageOf("Worker", OWN_FILE),
  "shared.js": pageOf("SharedWorker", OWN_FILE),
  // esbuild rewrites no address.
  "dedicated-plain.js": pageOf("Worker", '"/built/token.worker.js"'),
  "dedicated.html": '<!doctype html><script type="module" src="./dedicated.js"></script>',
  "shared.html": '<!doctype html><script type="module" src="./shared.js"></script>',
};

const TYPES: Readonly<Record<string, string>> = { ".js": "text/javascript", ".html": "text/html" };

let made: Project;
before(async () => {
  made = await project("hosted", FILES);
});

/** Serves a folder below /built/, opens a page of it, and starts a keep there. */
async function startsIn(scene: Scene, folder: string, page: string): Promise<unknown> {
  const { app, at } = scene;
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const body = readFileSync(join(folder, name), "utf8");
    app.on(`/built/${name}`, () => ({ headers: { "Content-Type": type }, body }));
  }
  await scene.page.goto(`${at.app}/built/${page}`);
  await scene.page.waitForFunction(() => "start" in globalThis);
  return scene.page.evaluate(
    ({ authority, api }) =>
      (globalThis as unknown as { start(options: object): Promise<unknown> }).start({
        refresh: `${authority}/session/refresh`,
        origins: [api],
      }),
    at,
  );
}

for (const kind of ["dedicated", "shared"]) {
  behaviour(`client_W11_Vite_builds_a_${kind}_worker_of_its_own_file`, async (scene) => {
    await vite({
      root: made.folder,
      base: "/built/",
      logLevel: "error",
      configFile: false,
      build: {
        outDir: `out-${kind}`,
        emptyOutDir: true,
        rollupOptions: { input: made.at(`${kind}.html`) },
      },
    });
    const told = await startsIn(scene, made.at(`out-${kind}`), `${kind}.html`);
    assert.deepEqual(told, ["authenticated", 200, true]);
  });
}

behaviour("client_W11_esbuild_builds_a_worker_as_a_second_entry_point", async (scene) => {
  await esbuild({
    absWorkingDir: made.folder,
    entryPoints: ["dedicated-plain.js", "token.worker.js"],
    outdir: "out-esbuild",
    bundle: true,
    minify: true,
    format: "esm",
    logLevel: "warning",
  });
  scene.app.on("/built/plain.html", () => ({
    headers: { "Content-Type": "text/html" },
    body: '<script type="module" src="/built/dedicated-plain.js"></script>',
  }));
  const told = await startsIn(scene, made.at("out-esbuild"), "plain.html");
  assert.deepEqual(told, ["authenticated", 200, true]);
});
