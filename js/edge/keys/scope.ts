// Decides which verifications may share a pending fetch. On Workers a promise belongs to the
// request that made it: once that request is over or cancelled, the promise may never settle, and
// whoever waits for it hangs. There a fetch is shared within one request only, and only a context
// that the runtime itself made stands for a request.

import type { ExecutionContextLike } from "../result/verified.js";

const everyone = {};

/** Whether this runtime is one of those where a promise belongs to a request. */
export function bindsPromisesToRequests(): boolean {
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

/** The source text of workerd's class; no class or function written in JavaScript has it. */
const NATIVE_CONTEXT = /^function ExecutionContext\(\) \{\s*\[native code\]\s*\}$/;

/**
 * Whether workerd made this object for one event. A look-alike may serve many requests and keep
 * nothing alive; the state of a Durable Object has `waitUntil` too and outlives its requests.
 */
function isOfOneEvent(context: ExecutionContextLike): boolean {
  const prototype: unknown = Object.getPrototypeOf(context);
  const made: unknown =
    Object(prototype) === prototype && Object.hasOwn(prototype as object, "constructor")
      ? (prototype as object).constructor
      : null;
  return typeof made === "function" && NATIVE_CONTEXT.test(Function.prototype.toString.call(made));
}

let bound: boolean | undefined;

/**
 * The object that stands for those who may share a fetch; null for nobody. With null nothing may be
 * left to run in the background either: no context is known to keep it alive.
 */
export function promiseScope(context: ExecutionContextLike | null): object | null {
  bound ??= bindsPromisesToRequests();
  if (!bound) return everyone;
  return context !== null && isOfOneEvent(context) ? context : null;
}

/** Has a context keep work alive, if it can: one that throws costs no request its answer. */
export function keepAlive(context: ExecutionContextLike | null, work: Promise<unknown>): void {
  const quiet = work.catch(() => undefined);
  try {
    context?.waitUntil(quiet);
  } catch {
    // As if there were no context. Node's servers hand over something else in its place.
  }
}
