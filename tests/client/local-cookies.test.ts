// Cookies on `localhost` and `127.0.0.1`, as docs/developing-locally.md says.

import assert from "node:assert/strict";
import { scenes } from "./harness.ts";
import { baking, REFRESH, refreshedAt } from "./local-cookies.ts";

const behaviour = scenes();

behaviour("locally_a_secure_cookie_is_kept_on_localhost_without_https", async (scene) => {
  for (const cookie of ["__Host-session=1; Secure; HttpOnly; Path=/", "session=1; Secure"])
    for (const host of ["localhost", "127.0.0.1"]) {
      const cookies = baking(scene, cookie);
      await refreshedAt(scene, host, REFRESH);
      assert.equal(cookies().at(-1), cookie.split(";")[0], `${cookie} on ${host}`);
      await scene.context.clearCookies();
    }
});

behaviour(
  "locally_localhost_and_127_0_0_1_are_two_sites_and_ports_share_cookies",
  async (scene) => {
    const { app, authority, page } = scene;
    for (const sameSite of ["Lax", "Strict"]) {
      const cookies = baking(scene, `session=1; Path=/; SameSite=${sameSite}`);
      await refreshedAt(scene, "localhost", `http://127.0.0.1:${authority.port}${REFRESH}`);
      assert.equal(cookies().at(-1), undefined, "it was not kept");
      await refreshedAt(scene, "localhost", `http://localhost:${authority.port}${REFRESH}`);
      assert.equal(authority.to(REFRESH).at(-1)?.headers.cookie, "session=1", "of another port");
      // The page's own port gets it too, and another host does not.
      await page.goto(`http://localhost:${app.port}/mine`);
      assert.equal(app.to("/mine").at(-1)?.headers.cookie, "session=1");
      await page.goto(`http://127.0.0.1:${app.port}/mine`);
      assert.equal(app.to("/mine").at(-1)?.headers.cookie, undefined);
      await scene.context.clearCookies();
    }
  },
);
