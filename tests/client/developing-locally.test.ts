// What docs/developing-locally.md says of a dev server of Vite with a proxy and hot reload, of
// plain http, and of the 401 at the start. Its cookies are in local-cookies.test.ts.

import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { block } from "../docs/blocks.ts";
import { freePort } from "../docs/placed.ts";
import { root } from "../docs/snippets.ts";
import { launch, scenes, until } from "./harness.ts";
import { baking, REFRESH, refreshedAt } from "./local-cookies.ts";

const behaviour = scenes(() => launch(["--host-resolver-rules=MAP *.test 127.0.0.1"]));
const PAGE = "docs/developing-locally.md";

behaviour("client_J123_a_hot_reload_leaves_one_keep_and_restores_the_session", async (scene) => {
  const { authority, page } = scene;
  const cookies = baking(scene, "session=1; HttpOnly; SameSite=Strict; Path=/session");
  const folder = join(root, "build", "vite", String(process.pid));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  const config = block(PAGE, 0).code.replace("http://localhost:3000", authority.origin);
  assert.ok(config.includes(authority.origin));
  write("vite.config.ts", config);
  const program = `${block(PAGE, 1).code}
    import.meta.hot?.dispose(() => Object.assign(globalThis, { disposed: true }));`;
  write("keep.ts", program);
  write("index.html", '<!doctype html><script type="module" src="/main.ts"></script>');
  write(
    "main.ts",
    `import { keep } from "./keep.ts";
     (globalThis.keeps ??= []).push(keep);
     keep.start();
     import.meta.hot.accept();`,
  );
  const { createServer } = await import("vite");
  const server = await createServer({
    root: folder,
    configFile: join(folder, "vite.config.ts"),
    cacheDir: join(folder, "cache"),
    resolve: { alias: { tokenkeep: join(root, "dist/index.js") } },
    server: { port: await freePort(), strictPort: true, fs: { allow: [root] } },
    logLevel: "error",
  });
  try {
    await server.listen();
    await page.goto(server.resolvedUrls?.local[0] ?? "");
    const keeps = () =>
      page.evaluate(() => {
        const { keeps = [] } = globalThis as { keeps?: (typeof keep)[] };
        return keeps.map(({ session: { status, reason } }) => reason ?? status);
      });
    await until(async () => (await keeps())[0] === "authenticated", "the session");
    // Marked, so that a reload of the page would be seen.
    await page.evaluate(() => Object.assign(globalThis, { marked: true }));
    write("keep.ts", `${program}\n// Changed.\n`);
    await until(async () => (await keeps())[1] === "authenticated", "the session again");
    assert.deepEqual(await keeps(), ["closed", "authenticated"]);
    const marks = await page.evaluate(() => ["marked" in globalThis, "disposed" in globalThis]);
    assert.deepEqual(marks, [true, false], "no reload, and Vite disposes of no such module");
    assert.deepEqual(cookies(), [undefined, "session=1"]);
    const { headers } = authority.to(REFRESH)[0]!;
    assert.equal(headers["sec-fetch-site"], "same-origin", "one origin for the browser");
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

behaviour(
  "client_J124_on_plain_http_of_another_host_the_keep_works_without_locks",
  async (scene) => {
    const { page, context, app } = scene;
    for (const path of [REFRESH, "/session/logout"])
      app.on(path, () => (path === REFRESH ? scene.grant() : { status: 204 }));
    const second = await context.newPage();
    for (const tab of [page, second]) {
      await tab.goto(`http://app.test:${app.port}`);
      await tab.waitForFunction(() => "stage" in globalThis);
      await tab.evaluate(() => {
        globalThis.keep = stage.make({ refresh: "/session/refresh", logout: "/session/logout" });
        return keep.start().then(() => undefined);
      });
    }
    const here = await page.evaluate(() => ({
      secure: isSecureContext,
      locks: "locks" in navigator,
      status: keep.session.status,
      told: keep.explain().map(({ event }) => event),
    }));
    assert.deepEqual([here.secure, here.locks, here.status], [false, false, "authenticated"]);
    assert.ok(here.told.includes("lock-bypassed"), here.told.join());
    await page.evaluate(() => keep.logout());
    await scene.reaches("anonymous", second);
  },
);

behaviour("locally_a_secure_cookie_is_dropped_on_another_http_host", async (scene) => {
  for (const cookie of ["__Host-session=1; Secure; HttpOnly; Path=/", "session=1; Secure"]) {
    const cookies = baking(scene, cookie);
    await refreshedAt(scene, "app.test", REFRESH);
    assert.equal(cookies().at(-1), undefined, cookie);
  }
});

behaviour("locally_the_browser_prints_the_401_at_the_start_and_a_hint_spares_it", async (scene) => {
  const { authority, page } = scene;
  authority.on(REFRESH, () => ({ status: 401 }));
  const said: string[] = [];
  page.on("console", (message) => message.type() === "error" && said.push(message.text()));
  await scene.started({ sessionHint: { cookie: "signed_in" } });
  await scene.started();
  await until(() => said.length > 0, "the line");
  assert.equal(said.length, 1);
  assert.match(said[0]!, /status of 401/);
});
