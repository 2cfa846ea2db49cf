// The worker host's entries on a server, where there is no page and no worker.

import assert from "node:assert/strict";
import { test } from "node:test";

test("client_W11_importing_either_entry_on_a_server_touches_nothing_and_starts_nothing", async () => {
  const before = Reflect.ownKeys(globalThis);
  const { createTokenKeep, TokenKeepError } = await import("tokenkeep/hosted");
  const { seal } = await import("tokenkeep/worker");
  assert.deepEqual(Reflect.ownKeys(globalThis), before);
  assert.ok(TokenKeepError.prototype instanceof Error);
  assert.equal(typeof seal, "function");
  const host = () => assert.fail("no worker is made before the first use");
  const keep = createTokenKeep({
    refresh: "/session/refresh",
    origins: ["https://a.example"],
    host,
  });
  assert.equal(keep.session.status, "unknown");
  keep.close();
});
