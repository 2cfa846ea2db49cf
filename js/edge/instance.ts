// The instance of the wasm that verifiers share. It is made once, at first use or at a Worker's
// module scope, and anew after a trap: a trap leaves an instance in no state to go on with.

import { Core } from "./core.js";
import { VerifyError } from "./request/error.js";

export interface Instance {
  /** Ready for use, or null. */
  current(): Core | null;
  load(): Promise<Core>;
  /** Goes on with a fresh instance: what is there has trapped. */
  renew(): void;
}

/** An instance of a module that is at hand: no promise is needed, and none is kept. */
export function instanceOf(module: WebAssembly.Module): Instance {
  let core: Core | null = null;
  const current = () => (core ??= new Core(module));
  return {
    current,
    load: async () => current(),
    renew() {
      try {
        core?.renew(module);
      } catch {
        // No memory at present: tried again at the next use.
        core = null;
      }
    },
  };
}

/**
 * An instance whose module has to be brought first. The promise is kept while it is under way and
 * forgotten if it fails.
 */
export function instanceFrom(bring: () => Promise<WebAssembly.Module>): Instance {
  let made: Instance | null = null;
  let loading: Promise<Core> | null = null;
  const load = async () => {
    try {
      made = instanceOf(await bring());
      return await made.load();
    } catch (cause) {
      throw new VerifyError("runtime.wasm_unavailable", { cause });
    } finally {
      loading = null;
    }
  };
  return {
    current: () => made?.current() ?? null,
    load: () => (loading ??= load()),
    renew: () => made?.renew(),
  };
}

/**
 * Works with the wasm. A fault of ours is a VerifyError, too, and has the instance renewed that may
 * be in any state.
 */
export async function withCoreOf<T>(
  instance: Instance,
  work: (core: Core) => Promise<T>,
): Promise<T> {
  try {
    return await work(instance.current() ?? (await instance.load()));
  } catch (cause) {
    if (cause instanceof VerifyError) throw cause;
    if (cause instanceof WebAssembly.RuntimeError || cause instanceof RangeError) instance.renew();
    throw new VerifyError("runtime.failed", { cause });
  }
}
