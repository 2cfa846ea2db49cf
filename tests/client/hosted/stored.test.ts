// The back/forward cache, as people have it.

import assert from "node:assert/strict";
import { launchAsPeopleHaveIt, pause, scenes, until } from "../harness.ts";
import { type Kind, liveIn } from "./hosted.ts";

const behaviour = scenes(launchAsPeopleHaveIt);

for (const kind of ["dedicated", "shared"] as Kind[]) {
  behaviour(
    `client_W26_a_page_with_a_${kind}_worker_is_stored_and_knows_of_a_logout_when_it_is_back`,
    async (scene) => {
      const { page, app, at } = scene;
      await liveIn(kind, page);
      await scene.started();
      const second = await scene.open();
      await liveIn(kind, second);
      await scene.started({}, second);
      app.on("/away", () => ({ headers: { "Content-Type": "text/html" }, body: "<title>away" }));
      await page.evaluate(() => {
        Object.assign(globalThis, { mark: "the same page" });
        addEventListener("pageshow", ({ persisted }) => Object.assign(globalThis, { persisted }));
      });
      await page.goto(`${at.app}/away`);
      await pause(500);
      scene.authority.on("/session/refresh", () => ({ status: 401 }));
      await second.evaluate(() => keep.logout());
      await pause(500);
      await page.goBack({ waitUntil: "commit" });
      await until(
        () => page.evaluate(() => "stage" in globalThis && "keep" in globalThis),
        "the page to be back",
      );
      const [mark, persisted] = await page.evaluate(() => {
        const { mark, persisted } = globalThis as unknown as { mark: string; persisted: boolean };
        return [mark, persisted];
      });
      assert.deepEqual([mark, persisted], ["the same page", true], "it came out of the cache");
      await scene.reaches("anonymous");
      await until(
        async () => (await scene.events()).some(({ type }) => type === "signed-out"),
        "the event that it has missed",
      );
    },
  );
}
