// The home in this realm: the engine is loaded here at the first use.

import { adviser } from "./advice.js";
import { jsonOf } from "./authority.js";
import { challengesOf } from "./challenge.js";
import type { Prover } from "./dpop.js";
import { TokenKeepError } from "./error.js";
import type { Home } from "./home.js";
import { Host } from "./host.js";
import { Keep } from "./keep.js";
import type { Core } from "./load.js";
import { readOptions } from "./options.js";
import { attempting, exchange, fetching } from "./requests.js";
import { signIn } from "./sign-in.js";
import type { TokenKeep, TokenKeepOptions } from "./types.js";

/**
 * A keep whose engine lives in this realm, in a core that `load` brings. `loadProver` brings the
 * code that makes proofs.
 */
export function keepWith(
  options: TokenKeepOptions,
  load: () => Promise<Core>,
  loadProver: () => Promise<{ Prover: typeof Prover }>,
): TokenKeep {
  const settings = readOptions(options);
  const advise = adviser(settings.console);
  const { dpop } = settings;
  // The key outlives an engine that is lost: tokens are bound to it.
  let prover: Prover | null = null;
  return new Keep(async () => {
    const core = await load().catch((error: TokenKeepError) => {
      if (!error.retryable) advise("wasm_unavailable", globalThis.location?.href ?? "");
      throw error;
    });
    if (dpop && prover === null) {
      try {
        const { Prover } = await loadProver();
        const made = await Prover.with(dpop, { challengesOf, jsonOf });
        // Two may have come as far as this.
        prover ??= made;
      } catch (cause) {
        throw new TokenKeepError("dpop_unavailable", { cause });
      }
    }
    return (told) => homeOf(new Host(core, settings, told, advise, prover));
  });
}

/** The home that a host makes. */
function homeOf(host: Host): Home {
  return {
    async settle(input) {
      await host.ask(input);
    },
    send: (request, replayable) => exchange(host, request, fetching, replayable),
    attempt: (request, send, refused) => exchange(host, request, attempting(send, refused), true),
    signIn: (request) => signIn(host, request),
    prove: (token, method, url) => host.prove(token, method, url),
    async lend(validity) {
      await host.ask("lend", validity);
      const token = host.engine.token();
      if (token === undefined) throw new TokenKeepError("signed_out");
      return token;
    },
    adopt: async (token, expiresIn, same) =>
      host.handIn(same, (engine) => engine.adopt(token, expiresIn, same)),
    explain: () => host.explain(),
    close: () => host.close(),
  };
}
