// Loads the wasm. It is compiled once and instantiated at the first use, and once more after a
// trap: an instance that has trapped can't go on. A failed load is forgotten, so the next use tries
// again.

import { type Glue, newGlue } from "../../build/client/glue.js";
import { TokenKeepError } from "./error.js";

type Api = Glue["api"];

/** The classes of one instance of the wasm. */
export interface Core extends Api {
  /** What every call rejects with after a trap. */
  readonly lost: TokenKeepError | null;
  /** The functions to call after a trap. */
  readonly losses: Set<() => void>;
  /** To be called after each call of the wasm, its timers included. */
  worked?: () => void;
}

/** Makes a call of the wasm. */
type Run = <T>(call: () => T) => T;

/**
 * A loader. All who ask while it makes an instance, or afterwards, get the same one. It calls
 * `bring` until that succeeds once. `run` makes each call of the wasm.
 */
export function coreFrom(
  bring: () => Promise<BufferSource | WebAssembly.Module>,
  run: Run,
): () => Promise<Core> {
  let source: BufferSource | WebAssembly.Module | null = null;
  let loading: Promise<Core> | null = null;
  const load = async () => {
    const state: Pick<Core, "losses" | "worked"> & { lost: TokenKeepError | null } = {
      lost: null,
      losses: new Set(),
    };
    const trapped = (cause: unknown) => {
      state.lost = new TokenKeepError("wasm_unavailable", {
        message: "The wasm half has trapped; the next call begins afresh.",
        retryable: true,
        cause,
      });
      loading = null;
      for (const tell of state.losses) tell();
      return state.lost;
    };
    source ??= await bring();
    const { api, imports, start } = newGlue();
    const made = await WebAssembly.instantiate(source as BufferSource, imports);
    // A module that was compiled before gives the instance alone.
    source = made.module ?? source;
    const { exports } = made.instance ?? (made as unknown as WebAssembly.Instance);
    start(guarded(exports, state, trapped, run));
    return Object.assign(state, api);
  };
  return () =>
    (loading ??= load().catch((cause: unknown) => {
      loading = null;
      throw new TokenKeepError("wasm_unavailable", { retryable: !isForbidden(cause), cause });
    }));
}

/**
 * Whether WebAssembly, or what unpacks it, is missing or forbidden. A policy makes Chromium and
 * Firefox throw a `CompileError` and Safari an `EvalError`.
 */
function isForbidden(cause: unknown): boolean {
  return /^(Compile|Eval|Reference)Error$/.test((cause as Error | undefined)?.name ?? "");
}

/**
 * The exports, made safe after a trap. An export that throws (a trap, a stack overflow) leaves the
 * instance half way through its work. Afterwards the exports do nothing, since timers and
 * finalizers still call them.
 */
function guarded(
  exports: WebAssembly.Exports,
  state: { lost: unknown; worked?: () => void },
  trapped: (cause: unknown) => Error,
  run: Run,
): WebAssembly.Exports {
  const guard = (call: WebAssembly.ExportValue) => {
    if (typeof call !== "function") return call;
    return (...values: unknown[]): unknown => {
      if (state.lost !== null) return undefined;
      try {
        return run(() => (call as (...values: unknown[]) => unknown)(...values));
      } catch (cause) {
        // A nested call has told of this trap already.
        throw state.lost ?? trapped(cause);
      } finally {
        state.worked?.();
      }
    };
  };
  return Object.fromEntries(Object.entries(exports).map(([name, value]) => [name, guard(value)]));
}
