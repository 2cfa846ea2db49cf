// Runs in the page beside page.ts: keeps over a wasm file that the test serves, with a loader that
// any number of keeps may share.

import type { TokenKeep, TokenKeepOptions } from "tokenkeep";
import { coreFrom } from "../../js/client/load.ts";
import { keepWith } from "../../js/client/local.ts";

const loader = {
  from(url: string): (options: TokenKeepOptions) => TokenKeep {
    const load = coreFrom(
      async () => WebAssembly.compileStreaming(fetch(url)),
      (call) => call(),
    );
    const chunks = [
      () => import("../../js/dpop.ts"),
      () => import("../../js/worker-home.ts"),
    ] as const;
    return (options) => keepWith(options, load, ...chunks);
  },
};

declare global {
  var loader: typeof import("./loading-page.ts").loader;
}

globalThis.loader = loader;

export { loader };
