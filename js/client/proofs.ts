// Brings what makes proofs of possession, where the option `dpop` asks for it.

import { jsonOf } from "./authority.js";
import { challengesOf } from "./challenge.js";
import type { Prover } from "./dpop.js";
import { TokenKeepError } from "./error.js";
import type { Settings } from "./options.js";

/** What the chunk `dpop.js` exports. */
export type ProverChunk = typeof import("../dpop.js");

const unavailable = (cause: unknown) => new TokenKeepError("dpop_unavailable", { cause });

/**
 * The prover of one keep, made at the first call; null where tokens need none. Its key outlives an
 * engine that is lost: tokens are bound to it.
 */
export function proverFrom(
  dpop: Settings["dpop"],
  load: () => Promise<ProverChunk>,
): () => Promise<Prover | null> {
  let prover: Prover | null = null;
  return async () => {
    if (dpop && prover === null) {
      try {
        const { Prover, loadKeys } = await load();
        const made = await Prover.with(dpop, { challengesOf, jsonOf, loadKeys, unavailable });
        // Two may have come as far as this.
        prover ??= made;
      } catch (cause) {
        throw unavailable(cause);
      }
    }
    return prover;
  };
}
