// Where tokens come from, as the authorization server's metadata say. It is loaded where the
// options name no `tokenEndpoint`.

import {
  type AuthorizationServer,
  discoveryRequest,
  type HttpRequestOptions,
  processDiscoveryResponse,
} from "oauth4webapi";
import type { Asking } from "./grants.js";

/** @throws {EndpointFailure} */
export type Metadata = () => Promise<AuthorizationServer>;

/** Milliseconds. Metadata are asked for no sooner again, whatever came of it. */
const LEAST_FRESH = 60_000;

/** @param now milliseconds by a clock that nobody sets */
export function metadataOf(issuer: string, asking: Asking, now: () => number): Metadata {
  let known: AuthorizationServer | undefined;
  let freshUntil = -Infinity;

  const discover = (algorithm: "oauth2" | "oidc") =>
    asking(async (options) => {
      const url = new URL(issuer);
      const request = { ...(options as object), algorithm } as HttpRequestOptions<"GET">;
      const response = await discoveryRequest(url, request);
      const found = await processDiscoveryResponse(url, response);
      // RFC 8414 section 3.3. The library compares what the addresses mean.
      if (found.issuer !== issuer) throw new Error("another issuer");
      const told = /\bmax-age=(\d+)/i.exec(response.headers.get("Cache-Control") ?? "")?.[1];
      // As `tokenkeep/discovery` has it.
      freshUntil = now() + Math.max(Math.min(Number(told ?? 600), 86_400) * 1000, LEAST_FRESH);
      known = found;
      return found;
    });

  return async () => {
    if (known && now() < freshUntil) return known;
    try {
      return await discover("oauth2").catch(() => discover("oidc"));
    } catch (failure) {
      // An address that is known goes on working while the metadata can't be had.
      if (!known) throw failure;
      freshUntil = now() + LEAST_FRESH;
      return known;
    }
  };
}
