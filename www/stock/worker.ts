// A second API, behind the first one: it takes tokens that the authority has exchanged for it, and
// no others. Whoever calls acts for a user, and the answer says for whom.

import { createVerifier, kvJwksStore, type Verified, type Verifier } from "tokenkeep/edge";

export interface Env {
  /** As the authority has it. */
  readonly ISSUER: string;
  /** What this API is called in tokens. */
  readonly AUDIENCE: string;
  /** The services that may act for users here, separated by commas. */
  readonly ACTORS: string;
  /** A Worker can't fetch another one of its zone by its address. */
  readonly AUTHORITY: Fetcher;
  readonly SHARED: KVNamespace;
  /** The least time between two fetches for a key that the key set lacks. Default: 30 seconds. */
  readonly KEY_SET_COOLDOWN_SECONDS?: string;
}

const ITEMS = [
  { item: "oak planks", left: 12 },
  { item: "brass hinges", left: 3 },
];

let guarded: ReturnType<Verifier["guard"]> | undefined;

export default {
  fetch(request, env, context) {
    guarded ??= guardOf(env);
    return guarded(request, env, context);
  },
} satisfies ExportedHandler<Env>;

function guardOf(env: Env): ReturnType<Verifier["guard"]> {
  const verifier = createVerifier({
    issuers: {
      issuer: env.ISSUER,
      audience: env.AUDIENCE,
      algorithms: ["ES256", "RS256"],
      jwksUri: `${env.ISSUER}/.well-known/jwks.json`,
    },
    profile: "access-token",
    // The authority has the same clock.
    clockTolerance: 0,
    jwks: {
      cooldown: Number(env.KEY_SET_COOLDOWN_SECONDS ?? "30"),
      fetch: (url, init) => env.AUTHORITY.fetch(url, init as RequestInit<RequestInitCfProperties>),
      store: kvJwksStore(env.SHARED),
    },
  });
  const policy = {
    realm: "stock",
    scopes: ["stock:read"],
    delegation: { actors: env.ACTORS.split(","), required: true },
  };
  return verifier.guard(
    (_request, _env, _context, auth: Verified) =>
      Response.json(
        {
          items: ITEMS,
          sub: auth.claims.sub,
          audience: auth.claims.aud,
          scopes: [...auth.scopes],
          actors: (auth.actors ?? []).map(({ subject }) => subject),
        },
        { headers: { "Cache-Control": "no-store" } },
      ),
    policy,
  );
}
