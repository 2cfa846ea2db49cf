// The metadata of an authorization server (RFC 8414, OpenID Connect Discovery 1.0): how they are
// asked for, and how long they count.

import type { AuthorizationServer, HttpRequestOptions } from "oauth4webapi";
import type { RequestOptions } from "./ask.js";
import { oauth } from "./library.js";

/** Metadata, and the milliseconds that they count. */
export type Found = readonly [server: AuthorizationServer, life: number];

export interface Metadata {
  /** Those that are known go on counting while they can't be had. */
  current(): Promise<AuthorizationServer>;
  /** They are read again when they are needed next. */
  expire(): void;
}

/** Milliseconds until they are asked for again, after a failure. */
const RETRY = 60_000;

/** What `read` found last. */
export function remembered(read: () => Promise<Found>, now: () => number): Metadata {
  let known: AuthorizationServer | undefined;
  let since = 0;
  let life = 0;
  return {
    async current() {
      // The clock may have been put back since.
      if (known && Math.abs(now() - since) < life) return known;
      // Before anything is awaited: others go on with what is known.
      since = now();
      life = RETRY;
      try {
        [known, life] = await read();
      } catch (failure) {
        if (!known) throw failure;
      }
      return known;
    },
    expire() {
      life = 0;
    },
  };
}

/** Asks for them where OpenID Connect, or RFC 8414, has them. */
export async function discover(
  issuer: string,
  algorithm: "oidc" | "oauth2",
  options: RequestOptions,
): Promise<readonly [server: AuthorizationServer, response: Response]> {
  const at = new URL(issuer);
  const request = { ...(options as object), algorithm } as HttpRequestOptions<"GET">;
  const response = await oauth.discoveryRequest(at, request);
  return [await oauth.processDiscoveryResponse(at, response), response];
}
