// A second API, behind the first one: it takes tokens that the authority has exchanged for it, and
// no others. Where it has a key for that, they are encrypted for it, and not even the first API can
// read them. Whoever calls acts for a user, and the answer says for whom.

import { createVerifier, kvJwksStore, type Verified, type Verifier } from "tokenkeep/edge";
import { decryption } from "tokenkeep/jwe";

export interface Env {
  /** As the authority has it. */
  readonly ISSUER: string;
  /** What this API is called in tokens. */
  readonly AUDIENCE: string;
  /** The services that may act for users here, separated by commas. */
  readonly ACTORS: string;
  /**
   * Its private key, as a JWK: a secret. With it every token has to be encrypted; the authority has
   * the public half in ENCRYPTION_KEYS.
   */
  readonly DECRYPTION_KEY?: string;
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
  const { DECRYPTION_KEY: key } = env;
  const verifier = createVerifier({
    issuers: {
      issuer: env.ISSUER,
      audience: env.AUDIENCE,
      algorithms: ["ES256", "RS256"],
      jwksUri: `${env.ISSUER}/.well-known/jwks.json`,
      ...(key === undefined ? {} : { encrypted: "required" }),
    },
    ...(key === undefined
      ? {}
      : {
          encryption: decryption({
            keys: [{ key: JSON.parse(key) }],
            keyManagement: ["ECDH-ES+A256KW"],
          }),
        }),
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
    (request, _env, _context, auth: Verified) =>
      Response.json(
        {
          items: ITEMS,
          sub: auth.claims.sub,
          audience: auth.claims.aud,
          scopes: [...auth.scopes],
          actors: (auth.actors ?? []).map(({ subject }) => subject),
          readable: readableIn(request),
        },
        { headers: { "Cache-Control": "no-store" } },
      ),
    policy,
  );
}

/** What everybody can read in the token of a request: each part that is JSON. */
function readableIn(request: Request): unknown[] {
  const [, token = ""] = (request.headers.get("Authorization") ?? "").split(" ");
  return token.split(".").flatMap((part) => {
    try {
      return [JSON.parse(atob(part.replaceAll("-", "+").replaceAll("_", "/")))];
    } catch {
      return [];
    }
  });
}
