// The home in this realm: the engine is loaded here at the first use.

import { adviser } from "./advice.js";
import { invalid, isWorker, membersOf } from "./checks.js";
import { cookieNamed } from "./cookies.js";
import { TokenKeepError } from "./error.js";
import type { Home, RemoteSettings } from "./home.js";
import { type Host, openHost, type Realm } from "./host.js";
import { Keep, type Load } from "./keep.js";
import type { Core } from "./load.js";
import { readOptions } from "./options.js";
import { watchPage } from "./page.js";
import { type LoadProver, proverFrom } from "./proofs.js";
import { attempting, exchange, fetching, isReplayable, loanOf } from "./requests.js";
import { send } from "./sent.js";
import { utf8 } from "./session.js";
import { signIn } from "./sign-in.js";
import type { TokenKeep, TokenKeepOptions } from "./types.js";

/** What reaches a worker: a chunk of its own. */
type LoadRemote = () => Promise<{
  remoteHomes(settings: RemoteSettings, options: string, KeepError: typeof TokenKeepError): Load;
}>;

/**
 * A keep whose engine lives in this realm, in a core that `load` brings. `loadProver` brings the
 * code that makes proofs, `loadRemote` what reaches a worker that is the keep's host.
 */
export function keepWith(
  options: TokenKeepOptions,
  load: () => Promise<Core>,
  loadProver: LoadProver,
  loadRemote: LoadRemote,
): TokenKeep {
  const { host = "page", transport, ...others } = membersOf("options", options);
  const inPage = host === "page";
  if (!inPage && !isWorker(host)) throw invalid("host", "must be a worker");
  if (transport !== undefined && !(inPage && typeof transport === "function"))
    throw invalid("transport", "must be a function, in a page");
  const settings = { ...readOptions(others), transport: transport ?? send };
  if (!inPage) {
    const text = JSON.stringify(others, (_, value: unknown) =>
      value instanceof Headers ? [...value] : value,
    );
    let homes: Load | undefined;
    return new Keep(async () => {
      homes ??= (await loadRemote()).remoteHomes({ ...settings, host }, text, TokenKeepError);
      return homes();
    });
  }
  const advise = adviser(settings.console, (line) => console.warn(line));
  const bringProver = proverFrom(settings.dpop, loadProver);
  return new Keep(async () => {
    const core = await load().catch((error: TokenKeepError) => {
      if (!error.retryable) advise("wasm_unavailable", globalThis.location?.href ?? "");
      throw error;
    });
    const prover = await bringProver();
    return (told) => homeOf(openHost(core, settings, told, advise, prover, PAGE));
  });
}

const PAGE: Realm = { cookies: cookieNamed, watch: watchPage };

/** The host as a home. It explains and closes by itself. */
function homeOf(host: Host): Home {
  return Object.assign(host, {
    async settle(input) {
      await host.ask(input);
    },
    send: (request, replayable) => exchange(host, request, fetching, replayable),
    attempt: (request, send, refused) => exchange(host, request, attempting(send, refused), true),
    signIn: (request) =>
      signIn(host, request, host.prover !== null && isReplayable(request, undefined, request)),
    async lend(validity) {
      await host.ask("lend", validity);
      // There is no request: the engine sets the token on whatever has headers.
      const lent = { headers: new Map() } as never;
      const [token, prove] = loanOf(host, lent, host.engine.setToken(lent, false));
      if (token === null) throw new TokenKeepError("signed_out");
      return [token, prove];
    },
    async adopt(token, expiresIn, same) {
      const taken =
        typeof token === "string"
          ? host.handIn(same, (engine) => engine.adopt(utf8(token), expiresIn, same))
          : undefined;
      if (!taken)
        throw new TokenKeepError(taken === undefined ? "refresh_malformed" : "signed_out");
    },
  } satisfies Omit<Home, "explain" | "close">);
}
