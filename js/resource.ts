// The entry point `tokenkeep/resource`: the document by which an API tells clients whose tokens it
// takes (RFC 9728). It loads no wasm, and its errors are those of `tokenkeep/edge`.

import { invalidOption } from "./edge/options/invalid.js";
import { THIS_MACHINE } from "./shared/this-machine.js";

/** What the document says. What is not given is left out. */
export interface ProtectedResourceOptions {
  /** The API's identifier: its address. https (http on this machine), no query, no fragment. */
  resource: string;
  /** The issuers whose tokens it takes, as their own documents write them. */
  authorizationServers: readonly string[];
  /** The scopes that a client may ask for. */
  scopes?: readonly string[];
  /** Where the API publishes keys of its own, for tokens that are encrypted for it. */
  jwksUri?: string;
  /** For people to read. */
  name?: string;
  /** An address for developers. */
  documentation?: string;
  /** The address of what a client may do with the data. */
  policy?: string;
  /** The address of the terms of service. */
  terms?: string;
  /** With which algorithms the API signs its answers, where it does. Never "none". */
  signingAlgorithms?: readonly string[];
  /** RFC 9449: the algorithms of proofs, and whether every token must be bound to one. */
  dpop?: { algorithms: readonly string[]; required?: boolean };
  /** Seconds that a client may keep the document. Default 3 600. */
  maxAge?: number;
}

/** The document, and where it is. */
export interface ProtectedResource {
  /** For `Policy.resourceMetadata`: each challenge then leads a client to the document. */
  readonly metadataUrl: string;
  /**
   * The answer to a request for the document: by the path of its address, whatever the host. Null
   * for any other request. Scripts of any site may read the document.
   */
  handle(request: Request): Response | null;
}

// What each value has to be, as JSON.
const TEXT = /^"[^"]/;
const ALGORITHM = /^"(?!none")[^"]/;
const FLAG = /^[tf]/;
/** An address without the characters of `but`. */
const addressBut = (but: string) =>
  new RegExp(`^"http(s|(?=://${THIS_MACHINE}[:/"]))://[^\\s/@\\\\${but}]+(/[^\\s\\\\${but}]*)?"$`);
const ADDRESS = addressBut("");
/** The name of an API (RFC 9728 section 1.2), or of an issuer (RFC 8414 section 2). */
const IDENTIFIER = addressBut("?#");

type Member = readonly [name: string, form: RegExp, isList?: true];

/** The options, and the members of the document that they become (RFC 9728 section 2). */
const MEMBERS: Readonly<Record<string, Member>> = {
  // Nothing is an option by its prototype.
  __proto__: null as never,
  resource: ["resource", IDENTIFIER],
  authorizationServers: ["authorization_servers", IDENTIFIER, true],
  scopes: ["scopes_supported", TEXT, true],
  jwksUri: ["jwks_uri", ADDRESS],
  name: ["resource_name", TEXT],
  documentation: ["resource_documentation", ADDRESS],
  policy: ["resource_policy_uri", ADDRESS],
  terms: ["resource_tos_uri", ADDRESS],
  signingAlgorithms: ["resource_signing_alg_values_supported", ALGORITHM, true],
  "dpop.algorithms": ["dpop_signing_alg_values_supported", ALGORITHM, true],
  "dpop.required": ["dpop_bound_access_tokens_required", FLAG],
};

/**
 * Makes the metadata of a protected resource (RFC 9728).
 *
 * ```ts
 * const resource = protectedResource({
 *   resource: "https://api.example.com",
 *   authorizationServers: ["https://auth.example.com"],
 * });
 * const guarded = verifier.guard(handler, { resourceMetadata: resource.metadataUrl });
 * export default {
 *   fetch: (request, env, ctx) => resource.handle(request) ?? guarded(request, env, ctx),
 * };
 * ```
 *
 * @throws {VerifyError} config_invalid
 */
export function protectedResource(options: ProtectedResourceOptions): ProtectedResource {
  let option = "resource";
  try {
    // Without a prototype: what counts are the options' own members.
    const { dpop, maxAge = 3_600, ...given } = { __proto__: null, ...options };
    const { resource = "", authorizationServers = [""] } = given;
    const { origin, pathname } = new URL(resource);
    const values: readonly (readonly [string, unknown])[] = [
      ...Object.entries({ ...given, resource, authorizationServers }),
      ...Object.entries(dpop ?? {}).map(([name, value]) => [`dpop.${name}`, value] as const),
    ];
    const document: Record<string, unknown> = { bearer_methods_supported: ["header"] };
    let value: unknown;
    for ([option, value] of values) {
      if (value === undefined) continue;
      const [name = "", form, isList] = MEMBERS[option] ?? [];
      const items: unknown = isList ? value : [value];
      if (!Array.isArray(items) || ![...items].every((item) => form?.test(JSON.stringify(item))))
        throw items;
      // Section 3.2: a list without items is left out.
      if (items.length > 0) document[name] = value;
    }
    option = "maxAge";
    if (!/^\d+$/.test(maxAge as never)) throw maxAge;

    const body = JSON.stringify(document);
    const headers = {
      "Access-Control-Allow-Origin": "*",
      // For preflights: some clients say in a header which version of a protocol they speak.
      "Access-Control-Allow-Headers": "*",
      "Cache-Control": `public, max-age=${maxAge}`,
      "Content-Type": "application/json",
    };
    // Section 3.1: between the host and the path, in place of the slash of an empty path.
    const path = `/.well-known/oauth-protected-resource${pathname === "/" ? "" : pathname}`;
    return {
      metadataUrl: origin + path,
      handle: ({ method, url }) =>
        /^(GET|HEAD|OPTIONS)$/.test(method) && new URL(url).pathname === path
          ? new Response(method === "GET" ? body : null, { headers })
          : null,
    };
  } catch {
    // Of the wrong type, or it can't even be read.
    throw invalidOption(option, "is of the wrong type");
  }
}
