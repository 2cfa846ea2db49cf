// The recipes of clients that send by XMLHttpRequest: each call is answered after one refresh, and
// what it tells of its progress arrives. The blocks run in Chromium as they stand.

import assert from "node:assert/strict";
import { type Call, json, type Reply, type Scene, scenes } from "./harness.ts";
import { evaluate, run, tokensAt } from "./recipes.ts";

const behaviour = scenes();

const refused = (challenge = 'Bearer error="invalid_token"'): Reply => ({
  status: 401,
  headers: { "WWW-Authenticate": challenge },
});

const isGood = ({ valid }: Scene, { token }: Call) => token !== null && valid.has(token);

behaviour("recipe_axios_uploads_with_progress_after_one_refresh", async (scene) => {
  const { api, granted } = scene;
  await scene.started();
  await run(scene, 'export * from "doc:docs/recipes/uploads.md#0";');
  scene.valid.clear();
  await evaluate(
    scene,
    `globalThis.told = [];
     globalThis.upload = (path) => api.put(path, new Blob(["picture"]), {
       params: { size: 7 },
       onUploadProgress: ({ progress }) => told.push(progress),
     }).then(
       ({ status, data }) => [status, data.body],
       ({ name, response }) => [name, response?.status],
     )`,
  );
  // Two at once, with one refresh.
  assert.deepEqual(await evaluate(scene, 'Promise.all([upload("/a"), upload("/b")])'), [
    [200, "picture"],
    [200, "picture"],
  ]);
  for (const path of ["/a", "/b"]) assert.deepEqual(tokensAt(scene, path), granted);
  assert.equal(api.to("/a")[1]?.search, "?size=7");
  assert.equal(scene.refreshes(), 2);
  assert.ok((await evaluate<number[]>(scene, "told")).includes(1));
  // What a refresh can't mend is axios' own error, after one call.
  api.on("/scope", () => refused('Bearer error="insufficient_scope"'));
  api.on("/gone", () => ({ status: 404 }));
  assert.deepEqual(await evaluate(scene, 'upload("/scope")'), ["AxiosError", 401]);
  assert.deepEqual(await evaluate(scene, 'upload("/gone")'), ["AxiosError", 404]);
  assert.deepEqual([api.to("/scope").length, api.to("/gone").length, scene.refreshes()], [1, 1, 2]);
});

behaviour("recipe_uppy_uploads_several_files_after_one_refresh", async (scene) => {
  const { api, granted } = scene;
  await scene.started();
  await run(scene, 'export * from "doc:docs/recipes/uploads.md#1";');
  scene.valid.clear();
  api.on("/files", (call) => (isGood(scene, call) ? json({ url: "/files/7" }) : refused()));
  const upload = (names: string[]) =>
    evaluate<{ successful: number; failed: number }>(
      scene,
      `(async () => {
         uppy.clear();
         for (const name of ${JSON.stringify(names)}) uppy.addFile({ name, data: new Blob([name]) });
         const { successful, failed } = await uppy.upload();
         return { successful: successful.length, failed: failed.length };
       })()`,
    );
  assert.deepEqual(await upload(["a", "b", "c"]), { successful: 3, failed: 0 });
  assert.deepEqual(tokensAt(scene, "/files").sort(), [
    ...Array.from({ length: 3 }, () => granted[0]),
    ...Array.from({ length: 3 }, () => granted[1]),
  ]);
  assert.equal(scene.refreshes(), 2);
  // An API that refuses every token is asked twice, and one that asks for more scope once.
  for (const [challenge, sent, refreshes] of [
    ['Bearer error="invalid_token"', 2, 3],
    ['Bearer error="insufficient_scope"', 1, 3],
  ] as const) {
    api.on("/files", () => refused(challenge));
    const before = api.to("/files").length;
    assert.deepEqual(await upload(["d"]), { successful: 0, failed: 1 });
    assert.equal(api.to("/files").length - before, sent);
    assert.equal(scene.refreshes(), refreshes);
  }
});

/** A server of the tus protocol, as far as an upload of one request needs it. */
function serveTus(scene: Scene): { readonly stored: Buffer[] } {
  const stored: Buffer[] = [];
  const tus = {
    "Tus-Resumable": "1.0.0",
    "Access-Control-Expose-Headers": "Location, Upload-Offset, Tus-Resumable, WWW-Authenticate",
  };
  const offset = () => String(Buffer.concat(stored).length);
  scene.api.on("/files", (call) =>
    isGood(scene, call) ? { status: 201, headers: { ...tus, Location: "/files/7" } } : refused(),
  );
  scene.api.on("/files/7", (call) => {
    if (!isGood(scene, call)) return refused();
    assert.equal(call.headers["upload-offset"], offset());
    stored.push(call.body);
    return { status: 204, headers: { ...tus, "Upload-Offset": offset() } };
  });
  return { stored };
}

behaviour("recipe_tus_creates_and_sends_an_upload_with_tokens_that_run_out", async (scene) => {
  const { api, granted } = scene;
  const { stored } = serveTus(scene);
  await scene.started();
  await run(scene, 'export * from "doc:docs/recipes/uploads.md#2";');
  scene.valid.clear();
  await evaluate(
    scene,
    `globalThis.told = [];
     globalThis.uploaded = upload(new File(["a picture"], "a.png"), (...bytes) => told.push(bytes))
       .then((url) => globalThis.url = url);
     undefined`,
  );
  await evaluate(scene, "uploaded.then(() => undefined)");
  assert.equal(Buffer.concat(stored).toString(), "a picture");
  assert.deepEqual(tokensAt(scene, "/files"), granted.slice(0, 2));
  assert.equal(await evaluate(scene, "url"), `${scene.at.api}/files/7`);
  assert.deepEqual(await evaluate(scene, "told.at(-1)"), [9, 9]);
  assert.equal(scene.refreshes(), 2);

  // The next token runs out between the creation and the bytes.
  stored.length = 0;
  api.on("/files", (call) => {
    if (!isGood(scene, call)) return refused();
    scene.valid.clear();
    return {
      status: 201,
      headers: { "Access-Control-Expose-Headers": "Location", Location: "/files/7" },
    };
  });
  await evaluate(scene, 'upload(new File(["another"], "b.png"), () => undefined)');
  assert.equal(Buffer.concat(stored).toString(), "another");
  assert.deepEqual(tokensAt(scene, "/files/7").slice(-2), granted.slice(1, 3));
  assert.equal(scene.refreshes(), 3);
});

behaviour("recipe_angular_is_answered_after_one_refresh_with_its_progress", async (scene) => {
  const { api, granted } = scene;
  await scene.started();
  await run(
    scene,
    `import "@angular/compiler";
     import { XhrFactory } from "@angular/common";
     import { HttpClient, HttpEventType } from "@angular/common/http";
     import { DOCUMENT, ErrorHandler, ɵINJECTOR_SCOPE, ɵinternalCreateApplication } from "@angular/core";
     import { firstValueFrom, lastValueFrom, tap } from "rxjs";
     import { applicationConfig } from "doc:docs/recipes/angular.md#0";
     export { session } from "doc:docs/recipes/angular.md#1";
     // What bootstrapApplication() of @angular/platform-browser does.
     const { injector } = await ɵinternalCreateApplication({
       appProviders: [
         { provide: DOCUMENT, useValue: document },
         { provide: ɵINJECTOR_SCOPE, useValue: "root" },
         { provide: ErrorHandler },
         { provide: XhrFactory, useValue: { build: () => new XMLHttpRequest() } },
         ...applicationConfig.providers,
       ],
     });
     export const http = injector.get(HttpClient);
     export const get = (url) => firstValueFrom(http.get(url)).then(
       (body) => body, ({ name, status }) => [name, status]);
     export const progress = [];
     export const put = (url) => lastValueFrom(
       http.put(url, new Blob(["picture"]), { reportProgress: true, observe: "events" }).pipe(
         tap((event) => event.type === HttpEventType.UploadProgress && progress.push(event.loaded)),
       )).then(({ body }) => body);
     export const dropped = (url) => http.get(url).subscribe().unsubscribe();`,
  );
  const url = (path: string) => JSON.stringify(scene.at.api + path);
  scene.valid.clear();
  const both = `Promise.all([get(${url("/a?b=1")}), put(${url("/c")})])`;
  assert.deepEqual(await evaluate(scene, both), [
    { path: "/a", body: "" },
    { path: "/c", body: "picture" },
  ]);
  for (const path of ["/a", "/c"]) assert.deepEqual(tokensAt(scene, path), granted);
  assert.equal(scene.refreshes(), 2);
  assert.ok((await evaluate<number[]>(scene, "progress")).includes(7));
  // What a refresh can't mend is Angular's own error.
  api.on("/scope", () => refused('Bearer error="insufficient_scope"'));
  api.on("/gone", () => ({ status: 404 }));
  assert.deepEqual(await evaluate(scene, `get(${url("/scope")})`), ["HttpErrorResponse", 401]);
  assert.deepEqual(await evaluate(scene, `get(${url("/gone")})`), ["HttpErrorResponse", 404]);
  assert.deepEqual([api.to("/scope").length, scene.refreshes()], [1, 2]);
  // A call to an origin that is not listed carries nothing.
  scene.foreign.on("/x", () => json({ foreign: true }));
  assert.deepEqual(await evaluate(scene, `get("${scene.at.foreign}/x")`), { foreign: true });
  assert.equal(scene.foreign.calls[0]?.headers.authorization, undefined);
  await evaluate(scene, `dropped(${url("/dropped")})`);
  assert.equal(await evaluate(scene, "session().status"), "authenticated");
  await scene.page.evaluate(() => keep.logout());
  assert.equal(await evaluate(scene, "session().status"), "anonymous");
});
