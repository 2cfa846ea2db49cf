// The address of an issuer's key set out of its metadata: OpenID Connect Discovery 1.0 section 4,
// or RFC 8414. A fetch of the key set begins with the document, so all rules of key sets hold for
// both. An address that is known goes on working while the document can't be had.

import type { KeyFinder } from "../edge/keys/key-sets.js";
import type { Locator, Means } from "../edge/keys/locator.js";
import type { KeyLocator } from "../edge/options/types.js";

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
  const of = { ...options };
  const open = (means: Means): KeyFinder => {
    const { addressOf, issuer, jwks, VerifyError } = means;
    const names = ["keyOrigins", "maxBytes", "type"];
    const { keyOrigins, maxBytes, type = "oidc" } = means.readMembers(kind, of, names);
    const origins =
      keyOrigins && means.listOfTexts(kind, keyOrigins).map((one) => addressOf(one).origin);
    const { origin, pathname } = addressOf(issuer);
    const path = pathname.replace(/\/?$/, "");
    // RFC 8414 section 2: an issuer has no query.
    if (!["oidc", "oauth2"].includes(type) || issuer.includes("?"))
      throw means.invalidOption(kind, "must be oidc or oauth2, the issuer without query");
    const end =
      type === "oauth2"
        ? `/.well-known/oauth-authorization-server${path}`
        : `${path}/.well-known/openid-configuration`;
    const decode = async (text: string) => {
      const { issuer: named, jwks_uri } = JSON.parse(text);
      const { href, origin } = addressOf(jwks_uri);
      // RFC 8414 section 3.3. Entra's common document has a template there.
      if (named !== issuer || (origins && !origins.includes(origin)))
        throw new VerifyError("discovery.mismatch");
      return href;
    };
    const document = {
      ...jwks,
      codes: kind,
      decode,
      maxBytes: means.integer(kind, maxBytes, 65_536, 1, 2 ** 24),
    };
    let known = "";
    const fetch = async (uri: string, init: RequestInit) => {
      try {
        const { body } = await means.fetchBody(uri, document);
        known = JSON.parse(body as string);
      } catch (cause) {
        if (!known) throw cause;
        means.report?.("failed");
      }
      return jwks.fetch(known, init);
    };
    return means.keysAt(origin + end, {
      label: [issuer, origins],
      fetch,
      // For the document and for the set.
      timeout: 2 * jwks.timeout,
    });
  };
  return { kind, of, open } as Locator;
}
