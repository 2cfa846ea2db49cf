// The address of an issuer's key set out of its metadata: OpenID Connect Discovery 1.0 section 4,
// or RFC 8414. The verifier keeps the document like a key set (js/edge/keys/referred-keys.ts).

import type { KeyFinder } from "../edge/keys/key-sets.js";
import type { Locator, Means } from "../edge/keys/locator.js";
import type { KeyLocator } from "../edge/options/types.js";
import { given } from "../shared/given.js";

/** Which document `discover()` reads, and what it may name. */
export interface DiscoverOptions {
  /** "oidc" (default): OpenID Connect Discovery. "oauth2": RFC 8414. */
  type?: "oidc" | "oauth2";
  /** The key set's origin must be one of these. Default: any. */
  keyOrigins?: readonly string[];
  /** Of the document. Default 65 536. */
  maxBytes?: number;
}

/**
 * Finds the address of the key set in the issuer's metadata, by OpenID Connect Discovery or RFC
 * 8414. The document must name the issuer to the letter. Nothing but the address is taken from it.
 *
 * ```ts
 * createVerifier({
 *   issuers: {
 *     issuer: "https://auth.example.com",
 *     audience: "https://api.example.com",
 *     algorithms: ["RS256"],
 *     jwksUri: discover(),
 *   },
 * });
 * ```
 */
export function discover(options: DiscoverOptions = {}): KeyLocator {
  const kind = "discovery";
  const of = given(() => Object(options) === options && { ...options });
  const open = (means: Means): KeyFinder => {
    const { addressOf, issuer, VerifyError } = means;
    const names = ["keyOrigins", "maxBytes", "type"];
    const {
      keyOrigins,
      maxBytes,
      type = "oidc",
    } = means.readMembers(kind, of as DiscoverOptions, names);
    const origins =
      keyOrigins && means.listOfTexts(kind, keyOrigins).map((one) => addressOf(one).origin);
    const { origin, pathname } = addressOf(issuer);
    const path = pathname.replace(/\/?$/, "");
    const ends = {
      __proto__: null,
      oidc: `${path}/.well-known/openid-configuration`,
      oauth2: `/.well-known/oauth-authorization-server${path}`,
    };
    const end = ends[type];
    // RFC 8414 section 2: an issuer has no query.
    if (!end || issuer.includes("?"))
      throw means.invalidOption(kind, "must be oidc or oauth2, without a query");
    const decode = async (text: string) => {
      const { issuer: named, jwks_uri } = JSON.parse(text);
      const { href, origin } = addressOf(jwks_uri);
      // RFC 8414 section 3.3. Entra's common document has a template there.
      if (named !== issuer || (origins && !origins.includes(origin)))
        throw new VerifyError("discovery.mismatch");
      return href;
    };
    return means.keysBehind(origin + end, {
      codes: kind,
      decode,
      label: [issuer, origins],
      // Milliseconds, where its answer does not say.
      maxAge: 3_600_000,
      maxBytes: means.integer(kind, maxBytes, 65_536, 1, 2 ** 24),
    });
  };
  return { kind, of, open } as Locator;
}
