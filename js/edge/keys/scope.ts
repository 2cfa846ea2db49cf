// Through what two verifications may share a promise. On Workers a promise belongs to the request
// that made it: once that request is over or cancelled, the promise may never settle, and whoever
// waits for it hangs. So there it is shared within one request only.

import type { ExecutionContextLike } from "../result/verified.js";

const everyone = {};

function bindsPromisesToRequests(): boolean {
  const { navigator, WebSocketPair, EdgeRuntime } = globalThis as typeof globalThis & {
    WebSocketPair?: unknown;
    EdgeRuntime?: unknown;
  };
  return (
    navigator?.userAgent === "Cloudflare-Workers" ||
    WebSocketPair !== undefined ||
    EdgeRuntime !== undefined
  );
}

let bound: boolean | undefined;

/** What stands for those who may share; null for nobody. */
export function promiseScope(context: ExecutionContextLike | null): object | null {
  bound ??= bindsPromisesToRequests();
  return bound ? context : everyone;
}
