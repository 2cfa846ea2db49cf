// The bindings of the API's Worker.

import type { NonceBindings } from "../nonces.ts";
import type { TenantBindings } from "../tenants.ts";

/** TenantBindings holds the issuers and audiences, which are the same as the authority's. */
export interface ApiBindings extends TenantBindings, NonceBindings {
  /**
   * The authority's Worker. A Worker can't fetch another one of its own zone by URL; a service
   * binding always works.
   */
  AUTHORITY: Fetcher;
  /** Shared by the isolates and with the authority: revocations and key sets. */
  SHARED: KVNamespace;
  /** How long an isolate remembers that a token was not revoked. Default: 30 seconds. */
  REVOCATION_CACHE_SECONDS?: string;
  /** The least time between two fetches for a key that the key set lacks. Default: 30 seconds. */
  KEY_SET_COOLDOWN_SECONDS?: string;
  /** A second API, behind this one, and what it is called in tokens. Without it there is none. */
  STOCK?: Fetcher;
  STOCK_AUDIENCE?: string;
  /** What this API is called among the authority's SERVICES. Default: "api". */
  SERVICE_ID?: string;
  /** Its private key, as a JWK: a secret. */
  SERVICE_KEY?: string;
  /** "required": no token without a DPoP proof. Default: bound tokens alone need one. */
  DPOP?: string;
  /** Origins of the pages that may call, separated by commas. */
  ALLOWED_ORIGINS: string;
  /** "on" mounts demo.ts around the API. Never in production. */
  DEMO?: string;
}
