// Another script of the origin writes messages of its own to the channel. It can sign tabs out, but
// it can't keep a logout from them.

import assert from "node:assert/strict";
import { type Scene, scenes } from "./harness.ts";
import { message } from "./messages.ts";

const behaviour = scenes();

const forge = async ({ context, app, at }: Scene, message: readonly number[]) => {
  const page = await context.newPage();
  await page.goto(`${app.origin}/empty`);
  await page.evaluate(
    ([{ authority }, message]) =>
      new BroadcastChannel(`tokenkeep:${authority}/session/refresh`).postMessage(
        new Float64Array(message),
      ),
    [at, message] as const,
  );
};

const DAY = 86_400_000;
for (const [how, epoch] of Object.entries({
  the_largest_number: () => Number.MAX_SAFE_INTEGER,
  two_days_ahead: () => Date.now() + 2 * DAY,
  almost_a_day_ahead: () => Date.now() + DAY - 60_000,
})) {
  behaviour(
    `client_G89_a_forged_epoch_of_${how}_keeps_no_logout_from_the_others`,
    async (scene) => {
      const { page } = scene;
      const second = await scene.open();
      await scene.started();
      await scene.started({}, second);
      // The third tab opens after the forged message, so it has not heard it.
      await forge(scene, message("standing", epoch(), ["signedIn", "visible"]));
      const third = await scene.open();
      await scene.keep({}, third);
      await third.evaluate(() => keep.logout());
      for (const tab of [page, second]) {
        await scene.reaches("anonymous", tab);
        assert.equal((await scene.session(tab)).reason, "logout-elsewhere");
      }
      // The others join the next sign-in, and hear its logout.
      await third.evaluate(
        ({ authority }) => keep.signIn(`${authority}/session/refresh`, { method: "POST" }),
        scene.at,
      );
      for (const tab of [page, second]) await scene.reaches("authenticated", tab);
      await page.evaluate(() => keep.logout());
      for (const tab of [second, third]) await scene.reaches("anonymous", tab);
    },
  );
}

behaviour("client_G89_a_logout_of_any_epoch_is_acted_upon_and_not_taken_over", async (scene) => {
  const { page, at } = scene;
  const second = await scene.open();
  await scene.started();
  await scene.started({}, second);
  await forge(scene, message("signed-out", Number.MAX_SAFE_INTEGER));
  for (const tab of [page, second]) await scene.reaches("anonymous", tab);
  await page.evaluate(
    ({ authority }) => keep.signIn(`${authority}/session/refresh`, { method: "POST" }),
    at,
  );
  await scene.reaches("authenticated", second);
});
