// The home in this realm: the engine is loaded here at the first use.

import { adviser } from "./advice.js";
import { TokenKeepError } from "./error.js";
import type { Home } from "./home.js";
import { Host } from "./host.js";
import { Keep } from "./keep.js";
import type { Core } from "./load.js";
import { readOptions } from "./options.js";
import { attempting, exchange, fetching } from "./requests.js";
import { signIn } from "./sign-in.js";
import type { TokenKeep, TokenKeepOptions } from "./types.js";

/** A keep whose engine lives in this realm, in a core that `load` brings. */
export function keepWith(options: TokenKeepOptions, load: () => Promise<Core>): TokenKeep {
  const settings = readOptions(options);
  const advise = adviser(settings.console);
  return new Keep(async () => {
    const core = await load().catch((error: TokenKeepError) => {
      if (!error.retryable) advise("wasm_unavailable", globalThis.location?.href ?? "");
      throw error;
    });
    return (told) => homeOf(new Host(core, settings, told, advise));
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
