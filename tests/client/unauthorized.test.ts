// The option `unauthorized`: statuses of an API that mean what 401 means.

import assert from "node:assert/strict";
import { type Scene, scenes } from "./harness.ts";

const behaviour = scenes();

const get = ({ page, at }: Scene, path: string) =>
  page.evaluate((url) => keep.fetch(url).then(({ status }) => status), at.api + path);

behaviour("client_D129_listed_statuses_mean_what_401_means", async (scene) => {
  const { api, granted, valid } = scene;
  await scene.started({ unauthorized: [401, 419, 403] });
  for (const status of [401, 419, 403]) {
    api.on(`/${status}`, ({ token }) => ({
      status: token !== null && valid.has(token) ? 200 : status,
    }));
    valid.clear();
    assert.equal(await get(scene, `/${status}`), 200);
    assert.deepEqual(
      api.to(`/${status}`).map(({ token }) => token),
      granted.slice(-2),
    );
  }
  assert.equal(scene.refreshes(), 4, "the start, and one for each");
  for (const status of [400, 404, 418, 429, 503]) {
    api.on(`/${status}`, () => ({ status }));
    assert.equal(await get(scene, `/${status}`), status);
    assert.equal(api.to(`/${status}`).length, 1);
  }
  assert.equal(scene.refreshes(), 4);
});

behaviour("client_D129_a_challenge_still_decides", async (scene) => {
  const { api, at } = scene;
  await scene.started({ unauthorized: [401, 419, 403] });
  const challenges = {
    scope: 'Bearer error="insufficient_scope", scope="write"',
    strong: 'Bearer error="insufficient_user_authentication", acr_values="mfa"',
  };
  for (const [name, challenge] of Object.entries(challenges)) {
    api.on(`/${name}`, () => ({ status: 403, headers: { "WWW-Authenticate": challenge } }));
    assert.equal(await get(scene, `/${name}`), 403);
    assert.equal(api.to(`/${name}`).length, 1);
  }
  assert.equal(scene.refreshes(), 1);
  assert.deepEqual(await scene.events(), [
    ...(await scene.events()).slice(0, 2),
    { type: "step-up", acrValues: ["mfa"], maxAge: null, url: `${at.api}/strong` },
  ]);
  // A refusal of the retry is told, and a status that is listed is a refusal there too.
  api.on("/never", () => ({ status: api.to("/never").length === 1 ? 401 : 403 }));
  assert.equal(await get(scene, "/never"), 403);
  assert.equal((await scene.events()).at(-1)?.type, "rejected-fresh-token");
});

behaviour("client_D130_a_list_without_401_leaves_that_alone", async (scene) => {
  const { api } = scene;
  await scene.started({ unauthorized: [419] });
  api.on("/plain", () => ({ status: 401 }));
  assert.equal(await get(scene, "/plain"), 401);
  assert.equal(scene.refreshes(), 1);
  api.on("/expired", () => ({ status: api.to("/expired").length === 1 ? 419 : 200 }));
  assert.equal(await get(scene, "/expired"), 200);
  assert.equal(scene.refreshes(), 2);
});

behaviour("client_D130_what_is_no_list_of_statuses_is_config_invalid", async (scene) => {
  const told = await scene.page.evaluate(() =>
    [401, "401", {}, null, ["401"], [200], [399], [600], [401.5], [NaN], [401n], [undefined]].map(
      (unauthorized) => {
        try {
          stage.createTokenKeep({ refresh: "/r", unauthorized: unauthorized as number[] });
          return "taken";
        } catch (error) {
          const { code, message } = error as import("tokenkeep").TokenKeepError;
          return `${code}: ${message.split(" ")[0]}`;
        }
      },
    ),
  );
  assert.deepEqual(new Set(told), new Set(["taken", "config_invalid: unauthorized"]));
  assert.deepEqual(told.indexOf("taken"), 3, "null is as good as left out");
  // Later changes of the list change nothing.
  const { refreshes } = await scene.page.evaluate(async ({ authority, api }) => {
    const unauthorized = [401];
    globalThis.keep = stage.make({
      refresh: `${authority}/session/refresh`,
      origins: [api],
      unauthorized,
    });
    unauthorized.push(404);
    await keep.fetch(`${api}/404`);
    return { refreshes: keep.session.generation };
  }, scene.at);
  assert.equal(refreshes, 1);
});
