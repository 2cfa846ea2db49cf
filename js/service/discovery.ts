// Where tokens come from, as the authorization server's metadata say. It is loaded where the
// options name no `tokenEndpoint`.

import { discover, type Metadata, remembered } from "../oauth/metadata.js";
import type { Asking } from "./grants.js";

/** Milliseconds. Metadata are asked for no sooner again. */
const LEAST_FRESH = 60_000;

/** @param now milliseconds by a clock that nobody sets */
export function metadataOf(issuer: string, asking: Asking, now: () => number): Metadata {
  const read = (algorithm: "oauth2" | "oidc") =>
    asking(async (options) => {
      const [server, { headers }] = await discover(issuer, algorithm, options);
      // RFC 8414 section 3.3. The library compares what the addresses mean.
      if (server.issuer !== issuer) throw new Error("another issuer");
      const told = /\bmax-age=(\d+)/i.exec(headers.get("Cache-Control") ?? "")?.[1];
      // As `tokenkeep/discovery` has it.
      const life = Math.max(Math.min(Number(told ?? 600), 86_400) * 1000, LEAST_FRESH);
      return [server, life] as const;
    });
  return remembered(() => read("oauth2").catch(() => read("oidc")), now);
}
