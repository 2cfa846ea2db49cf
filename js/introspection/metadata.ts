// The issuer's metadata, which say where its endpoint and its keys are. It is loaded where the
// options don't say so.

import type { AuthorizationServer } from "oauth4webapi";
import type { IntrospectionMeans } from "../edge/introspector.js";
import { oauth } from "../oauth/library.js";
import { type Metadata, remembered } from "../oauth/metadata.js";
import type { Options } from "./options.js";

/** Of one document. */
const MOST_BYTES = 262_144;
/** Milliseconds that they count. */
const FRESH_FOR = 3_600_000;

/** What it can't have is a `VerifyError`: discovery.*. */
export function metadataOf(
  { fetchBody, now, settings, VerifyError }: IntrospectionMeans,
  { issuer, timeout, fetch }: Options,
): Metadata {
  const { issuer: name } = issuer.settings;
  const read = async (algorithm: "oidc" | "oauth2") => {
    // Nothing is a member by a prototype.
    const document = { __proto__: null } as unknown as AuthorizationServer;
    await fetchBody(name, {
      ...settings.jwks,
      codes: "discovery",
      timeout,
      maxBytes: MOST_BYTES,
      async decode(text) {
        Object.assign(document, JSON.parse(text));
        if (document.issuer !== name) throw new VerifyError("discovery.mismatch");
      },
      // The library knows the address.
      fetch: (_, init) =>
        oauth.discoveryRequest(new URL(name), {
          algorithm,
          [oauth.allowInsecureRequests]: true,
          [oauth.customFetch]: (address) => fetch(address, init),
        }),
    });
    return [document, FRESH_FOR] as const;
  };

  return remembered(
    () =>
      read("oidc").catch((cause) => {
        if (cause.code !== "discovery.unreachable") throw cause;
        return read("oauth2");
      }),
    now,
  );
}
