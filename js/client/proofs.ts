// Brings what makes proofs of possession, where the option `dpop` asks for it.

import { jsonOf } from "./authority.js";
import { challengesOf } from "./challenge.js";
import type { Prover } from "./dpop.js";
import { TokenKeepError } from "./error.js";
import type { Settings } from "./options.js";

/**
 * The prover of one keep, made at the first call; null where tokens need none. Its key outlives an
 * engine that is lost: tokens are bound to it.
 */
export function proverFrom(
  dpop: Settings["dpop"],
  load: () => Promise<{ Prover: typeof Prover }>,
): () => Promise<Prover | null> {
  let prover: Prover | null = null;
  return async () => {
    if (dpop && prover === null) {
      try {
        const { Prover } = await load();
        const made = await Prover.with(dpop, { challengesOf, jsonOf });
        // Two may have come as far as this.
        prover ??= made;
      } catch (cause) {
        throw new TokenKeepError("dpop_unavailable", { cause });
      }
    }
    return prover;
  };
}
