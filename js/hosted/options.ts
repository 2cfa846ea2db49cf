// Reads what the page half needs of the options. The worker reads all of them, checks them further
// and refuses those that can't be right.

import { ownBase } from "../client/addresses.js";
import { invalid, isWorker, own } from "../client/checks.js";
import type { RemoteSettings } from "../client/home.js";
import { send } from "../client/sent.js";
import type { EndpointOptions, TokenKeepOptions } from "../client/types.js";

export function readHosted(given: TokenKeepOptions): RemoteSettings {
  const { refresh, logout, origins, host, csrf, sessionHint, dpop, transport } = own(given);
  if (!isWorker(host)) throw invalid("host", "must be a worker");
  if (transport) throw invalid("transport", "can't cross");
  // On a server there is no base, and a keep that only renders sends nothing.
  const base = ownBase() ?? "http://localhost";
  parsed("refresh", addressOf(refresh), base);
  if (logout !== undefined) parsed("logout", addressOf(logout), base);
  return {
    host,
    csrf,
    sessionHint,
    dpop,
    transport: send,
    origins: origins ? listed(origins) : [globalThis.origin],
  };
}

function listed(origins: readonly string[]): readonly string[] {
  return Array.from(origins, (entry) => {
    const { href, origin } = parsed("origins", entry);
    if (href !== `${origin}/` || entry.includes("*")) throw invalid("origins", "must hold origins");
    return origin;
  });
}

function addressOf(endpoint: string | URL | EndpointOptions): string | URL {
  return (Object(endpoint) as EndpointOptions).url ?? endpoint;
}

function parsed(option: string, url: string | URL, base?: string): URL {
  try {
    const address = new URL(url, base);
    if (/^http/.test(address.href)) return address;
  } catch {
    // As below.
  }
  throw invalid(option, "is no URL");
}
