// The contests' names. The groups write figures under them, and the report reads them.

import type { Alg } from "./verify/field.ts";

export const PLACES = ["node", "workerd", "chromium"] as const;
export type Place = (typeof PLACES)[number];

export const KINDS = ["distinct", "distinct 4 KB", "distinct 32 at once", "repeated"] as const;
export type Kind = (typeof KINDS)[number];

export const contestOf = (place: Place, alg: Alg, kind: Kind): string => `${place} ${alg} ${kind}`;
/** A remembered token compared with a look into a Map. */
export const LOOKUP = "workerd remembered";

/** An encrypted token at first sight. */
export const encryptedIn = (place: "node" | "workerd"): string => `${place} encrypted`;

export const MANY_KEYS = "keys";
export const MANY_ISSUERS = "issuers";
export const MANY_RESULTS = "results";
export const FIRST = "first of 1 000 keys";
export const MEMORY = "bytes a token";
export const SERVICE = "a call of a service with a kept token";

export const TRANSPORTS = ["stub", "loopback"] as const;
export type Transport = (typeof TRANSPORTS)[number];
export const CALLERS = [
  "fetch",
  "keep.fetch",
  "ky",
  "axios-auth-refresh",
  "supertokens-website",
] as const;
export type Caller = (typeof CALLERS)[number];
export const callsOn = (transport: Transport, clock: "processor" | "wall"): string =>
  `call ${transport} ${clock}`;

export const HOSTS = ["page", "dedicated worker", "shared worker"] as const;
export type Host = (typeof HOSTS)[number];
/** Beside the hosts: a fetch that has the token itself. */
export const PLAIN = "fetch";
export const HOST_CALL = "call by host";
export const BODY_BYTES = 64 << 20;
export const BODY = "64 MB by host";
export const FURTHER_TAB = "a further tab of a shared worker";

export const COLD = "start cold";
export const WARM = "start warm";
export const AGAIN = "start warm, same tab";
export const STARTERS = ["by hand", "by hand, with a lock", "tokenkeep", "tokenkeep/slim"] as const;
export const LOAD = "load to first verification";

export const routeOf = (kind: "distinct" | "repeated"): string => `route ${kind}`;

export const CLIENT_SIZES = "bytes of a client";
export const EDGE_SIZES = "bytes of a verifier";

export const READING = "native reading";
export const SPEEDS = "native speeds";
