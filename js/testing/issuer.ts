// An issuer for the tests of a server: it has keys, publishes them, and signs what the test claims.
// WebCrypto signs, which every runtime has, so nothing else has to be installed.

import type { Algorithm, IssuerOptions, Jwk } from "../edge/options/types.js";
import { encodeBase64url, encodeJson } from "../shared/base64url.js";

/** What a test's issuer is made with. All of it has a default. */
export interface TestIssuerOptions {
  /** `iss` of its tokens. Default "https://issuer.test". */
  issuer?: string;
  /** `aud` of its tokens. Default "https://api.test". */
  audience?: string;
  /** Default "ES256", for `HS*` give a `secret` too. */
  algorithm?: Algorithm;
  /** For HS*: at least as long as the hash. */
  secret?: Uint8Array;
  /** Milliseconds since the epoch. Default `Date.now`. */
  clock?: () => number;
}

/** An issuer with keys of its own. */
export interface TestIssuer {
  /** For `createVerifier({ issuers })`. */
  readonly options: IssuerOptions;
  /**
   * A token that the verifier accepts, of RFC 9068's shape, for five minutes. `claims` are added or
   * take the place of a default; one that is undefined is left out. `header` the same.
   */
  mint(
    claims?: Readonly<Record<string, unknown>>,
    header?: Readonly<Record<string, unknown>>,
  ): Promise<string>;
  /** Signs with a new key from now on. The set keeps the old keys, unless `forget` is true. */
  rotate(options?: { forget?: boolean }): void;
  /** The key set, as it is published. */
  jwks(): Promise<{ keys: readonly Jwk[] }>;
  /** For `jwks.fetch`: answers the address of the key set, and 404 to any other. */
  readonly fetch: (input: string, init?: RequestInit) => Promise<Response>;
}

/** A key, made at its first use: at module scope a Worker may draw no random numbers. */
interface Key {
  readonly kid: string;
  pair(): Promise<CryptoKeyPair>;
}

/** How WebCrypto names an algorithm, to make a key and to sign. */
type Parameters = EcKeyGenParams | RsaHashedKeyGenParams | HmacKeyGenParams | { name: "Ed25519" };

const ec = (namedCurve: string, hash: string) => ({ name: "ECDSA", namedCurve, hash });
const rsa = (name: string, hash: string, saltLength = 0) => ({
  name,
  hash,
  saltLength,
  modulusLength: 2048,
  publicExponent: Uint8Array.of(1, 0, 1),
});
const hmac = (hash: string) => ({ name: "HMAC", hash });
const edwards = { name: "Ed25519" } as const;

const ALGORITHMS: { readonly [name in Algorithm]: Parameters } = {
  RS256: rsa("RSASSA-PKCS1-v1_5", "SHA-256"),
  RS384: rsa("RSASSA-PKCS1-v1_5", "SHA-384"),
  RS512: rsa("RSASSA-PKCS1-v1_5", "SHA-512"),
  PS256: rsa("RSA-PSS", "SHA-256", 32),
  PS384: rsa("RSA-PSS", "SHA-384", 48),
  PS512: rsa("RSA-PSS", "SHA-512", 64),
  ES256: ec("P-256", "SHA-256"),
  ES384: ec("P-384", "SHA-384"),
  ES512: ec("P-521", "SHA-512"),
  EdDSA: edwards,
  Ed25519: edwards,
  HS256: hmac("SHA-256"),
  HS384: hmac("SHA-384"),
  HS512: hmac("SHA-512"),
};

/**
 * An issuer for tests of what a verifier guards. Nothing is computed before the first token.
 *
 * ```ts
 * const issuer = testIssuer();
 * const verifier = createVerifier({ issuers: issuer.options, jwks: { fetch: issuer.fetch } });
 * const { claims } = await verifier.verify(await issuer.mint({ sub: "ada" }));
 * ```
 */
export function testIssuer(options: TestIssuerOptions = {}): TestIssuer {
  const {
    issuer = "https://issuer.test",
    audience = "https://api.test",
    algorithm = "ES256",
    secret,
    clock = Date.now,
  } = options;
  const how = ALGORITHMS[algorithm];
  const jwksUri = new URL("/.well-known/jwks.json", issuer).href;
  let made = 0;
  const makeKey = (): Key => {
    let pair: Promise<CryptoKeyPair> | undefined;
    const usages: KeyUsage[] = ["sign", "verify"];
    return {
      kid: `key-${++made}`,
      pair: () => (pair ??= crypto.subtle.generateKey(how, true, usages) as Promise<CryptoKeyPair>),
    };
  };
  let keys: readonly Key[] = [makeKey()];

  const jwks = async () => ({
    keys: await Promise.all(
      keys.map(async ({ kid, pair }): Promise<Jwk> => {
        const jwk = await crypto.subtle.exportKey("jwk", (await pair()).publicKey);
        return { ...jwk, kid, alg: algorithm, use: "sig", key_ops: ["verify"] };
      }),
    ),
  });

  const sign = async (text: string, { pair }: Key) => {
    const key =
      secret === undefined
        ? (await pair()).privateKey
        : await crypto.subtle.importKey("raw", secret as Uint8Array<ArrayBuffer>, how, false, [
            "sign",
          ]);
    const signature = await crypto.subtle.sign(how, key, new TextEncoder().encode(text));
    return encodeBase64url(signature);
  };

  return {
    options: {
      issuer,
      audience,
      algorithms: [algorithm],
      ...(secret === undefined ? { jwksUri } : { secret }),
    },
    async mint(claims = {}, header = {}) {
      const [key] = keys as readonly [Key];
      const iat = Math.floor(clock() / 1000);
      const head = { alg: algorithm, typ: "at+jwt", kid: key.kid, ...header };
      const payload = {
        iss: issuer,
        aud: audience,
        sub: "user-1",
        client_id: "client-1",
        iat,
        exp: iat + 300,
        jti: crypto.randomUUID(),
        ...claims,
      };
      const text = `${encodeJson(head)}.${encodeJson(payload)}`;
      return `${text}.${await sign(text, key)}`;
    },
    rotate({ forget = false } = {}) {
      keys = [makeKey(), ...(forget ? [] : keys)];
    },
    jwks,
    fetch: async (input) =>
      input === jwksUri ? Response.json(await jwks()) : new Response(null, { status: 404 }),
  };
}
