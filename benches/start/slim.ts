// The same with tokenkeep/slim, whose wasm the browser compiles while it arrives.

import { createTokenKeep } from "tokenkeep/slim";

async function start(): Promise<number> {
  const keep = createTokenKeep({ refresh: "/session/refresh", wasm: "/client.wasm" });
  const answer = await keep.fetch("/api");
  const { ok } = (await answer.json()) as { ok: boolean };
  return ok ? performance.now() : -1;
}

globalThis.answered = await start();
