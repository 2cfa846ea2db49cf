// What the API's Worker is told from outside.

export interface ApiBindings {
  /** The authority's Worker. A Worker can't fetch another one of its own zone by URL; a service binding always works. */
  AUTHORITY: Fetcher;
  /** What isolates share: revocations, and the key set. */
  SHARED: KVNamespace;
  /** Whose tokens count: their `iss`, and where the key set is found below it. */
  ISSUER: string;
  /** This API's own name: the `aud` that a token must carry. */
  AUDIENCE: string;
  /** Origins of the pages that may call, separated by commas. */
  ALLOWED_ORIGINS: string;
  /** "on" mounts demo.ts around the API. Never in production. */
  DEMO?: string;
}
