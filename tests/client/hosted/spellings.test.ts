// Other spellings of the refresh and logout address, at an origin that is listed for APIs too. A
// script in the page would read a token in the answer.

import assert from "node:assert/strict";
import { json, scenes } from "../harness.ts";
import { liveIn } from "./hosted.ts";

const behaviour = scenes();

/** What servers take for one of the authority's addresses, and what does so. */
const SPELLINGS = [
  // Express, ASP.NET.
  "/session/refresh/",
  "/Session/Refresh",
  "/session/LOGOUT/",
  // What decodes once; nginx does it before it resolves the path; a gateway and a server.
  "/session/%72efresh",
  "/session%2Frefresh",
  "/a/..%2fsession/refresh",
  "/session%5crefresh",
  "/session/%2572efresh",
  "/%ff/..%2fsession/refresh",
  // What merges slashes.
  "//session/refresh",
  "/session//refresh?x",
  // Servlets.
  "/session/refresh;a=b",
  "/session;a=b/refresh;c",
  "/a/..;/session/refresh",
  // Rails.
  "/session/refresh.json",
  // PHP, and files of a directory.
  "/index.php/session/refresh",
  "/session/refresh/index.html",
  // Windows.
  "/session/refresh.",
  "/session/refresh%20",
  // No server, but a `?` and a `#` that are part of the path.
  "/session/refresh%3fx",
  "/session/refresh%23x",
];

behaviour("client_W340_no_spelling_of_the_authoritys_addresses_is_proxied", async (scene) => {
  const { page, at, authority } = scene;
  await liveIn("dedicated", page);
  await scene.started({ origins: [at.authority] });
  const others = ["/session", "/refresh", "/session/refreshes", "/session/refresh/devices", "/"];
  for (const path of others) authority.on(path, () => json({}));
  const codes = await page.evaluate(
    ({ authority, paths }) =>
      Promise.all(
        paths.map(async (path) => {
          const init = { method: "POST", credentials: "include" } as const;
          return (await stage.outcome(keep.fetch(authority + path, init))).error?.code;
        }),
      ),
    { authority: at.authority, paths: [...SPELLINGS, ...others] },
  );
  const passed = (paths: readonly string[], from: number) =>
    paths.filter((_, index) => codes[from + index] !== "not_in_page");
  assert.deepEqual(passed(SPELLINGS, 0), []);
  assert.deepEqual(passed(others, SPELLINGS.length), others);
});
