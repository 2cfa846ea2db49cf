// Checking signatures: keys as the platform takes them, and its verdict. A key that is ready for
// use is a settled value and stays with the set that it came in.

import type { KeyDescription } from "../core.js";
import { VerifyError } from "../request/error.js";
import type { Verified } from "../result/verified.js";
import { type Check, checkAtOnce } from "./node-crypto.js";

type Parameters = AlgorithmIdentifier | RsaPssParams | EcdsaParams;

const SHA = (alg: string) => `SHA-${alg.slice(2)}`;

function importParameters(
  alg: string,
  { crv }: JsonWebKey,
): RsaHashedImportParams | EcKeyImportParams | HmacImportParams | Algorithm {
  switch (alg.slice(0, 2)) {
    case "RS":
      return { name: "RSASSA-PKCS1-v1_5", hash: SHA(alg) };
    case "PS":
      return { name: "RSA-PSS", hash: SHA(alg) };
    case "ES":
      return { name: "ECDSA", namedCurve: crv ?? "" };
    case "HS":
      return { name: "HMAC", hash: SHA(alg) };
    default:
      return { name: crv ?? "" };
  }
}

/**
 * By the algorithm and the curve alone: asking a CryptoKey for its algorithm makes a new object
 * each time.
 */
function verifyParameters(alg: string, { crv }: JsonWebKey): Parameters {
  switch (alg.slice(0, 2)) {
    case "RS":
      return "RSASSA-PKCS1-v1_5";
    case "PS":
      return { name: "RSA-PSS", saltLength: Number(alg.slice(2)) / 8 };
    case "ES":
      return { name: "ECDSA", hash: SHA(alg) };
    case "HS":
      return "HMAC";
    default:
      return crv ?? "";
  }
}

/** A key of a set. What is made of it stays with it, and goes when the set goes. */
export class Key {
  readonly #description: KeyDescription;
  readonly #ready = new Map<string, VerificationKey>();

  constructor(description: KeyDescription) {
    this.#description = description;
  }

  /** The issuer that it belongs to; null for every issuer of its set. */
  get issuer(): string | null {
    return this.#description.issuer;
  }

  /** The key ready for use with one algorithm; null when the platform finds it no good. */
  async verificationKey(alg: string): Promise<VerificationKey | null> {
    const ready = this.#ready.get(alg);
    if (ready !== undefined) return ready;
    const { kid, jwk, thumbprint, issuer } = this.#description;
    const check = checkAtOnce(jwk, alg) ?? (await checkLater(jwk, alg));
    if (check === null) return null;
    const key = new VerificationKey(check, Object.freeze({ kid, alg, thumbprint }), issuer);
    this.#ready.set(alg, key);
    return key;
  }
}

/**
 * Whose tokens a key verifies among those of an issuer: null for no tokens, an empty text for all,
 * else those whose `tid` is this text. In the set that Entra's tenants share, a key's issuer has
 * `{tenantid}` where an issuer has its tenant.
 */
export function tenantFor(ofKey: string | null, issuer: string): string | null {
  if (ofKey === null || ofKey === issuer) return "";
  const [before = "", after, more] = ofKey.split("{tenantid}");
  if (after === undefined || more !== undefined) return null;
  const tenant = issuer.slice(before.length, issuer.length - after.length);
  return tenant !== "" && before + tenant + after === issuer ? tenant : null;
}

/** By Web Cryptography. Null for a key that it finds no good. */
async function checkLater(jwk: JsonWebKey, alg: string): Promise<Check | null> {
  let key: CryptoKey;
  try {
    key = await crypto.subtle.importKey("jwk", jwk, importParameters(alg, jwk), false, ["verify"]);
  } catch (cause) {
    if (isUnsupported(cause)) throw new VerifyError("alg.unsupported_by_runtime", { cause });
    return null;
  }
  const parameters = verifyParameters(alg, jwk);
  return (bytes, signature) => crypto.subtle.verify(parameters, key, signature, bytes);
}

/** A key with an algorithm, ready for use. */
export class VerificationKey {
  readonly #check: Check;
  /** What a caller is told of the key. */
  readonly description: Verified["key"];
  /** The issuer that it belongs to. */
  readonly issuer: string | null;

  constructor(check: Check, description: Verified["key"], issuer: string | null) {
    this.#check = check;
    this.description = description;
    this.issuer = issuer;
  }

  /**
   * Verifies a signature over some bytes, then calls `next` with the result: at once where the
   * platform says so at once. The bytes may lie in the wasm's memory, where the next token is
   * written: the platform takes its own copy before this returns (Web Cryptography API, section
   * 14.3.4, steps 2 and 3).
   */
  verify<T>(
    bytes: Uint8Array<ArrayBuffer>,
    signature: Uint8Array<ArrayBuffer>,
    next: (holds: boolean) => T,
  ): T | Promise<T> {
    if (signature.length === 0) return next(false);
    const holds = this.#check(bytes, signature);
    if (typeof holds === "boolean") return next(holds);
    return holds.then(next, (cause: unknown) => {
      if (isUnsupported(cause)) throw new VerifyError("alg.unsupported_by_runtime", { cause });
      // Some platforms throw for a signature that no key could have made.
      return next(false);
    });
  }
}

function isUnsupported(cause: unknown): boolean {
  return cause instanceof Error && cause.name === "NotSupportedError";
}

/**
 * The first of the candidates under which the signature holds. The bytes must be the caller's own:
 * several keys may be tried, one after the other.
 *
 * @throws {VerifyError} signature.invalid, key.unknown, alg.unsupported_by_runtime
 */
export async function verificationKeyAmong(
  candidates: readonly Key[],
  alg: string,
  bytes: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
): Promise<VerificationKey> {
  if (signature.length === 0) throw new VerifyError("signature.invalid");
  let isTried = false;
  let unsupported: VerifyError | null = null;
  for (const candidate of candidates) {
    try {
      const key = await candidate.verificationKey(alg);
      if (key === null) continue;
      if (await key.verify(bytes, signature, Boolean)) return key;
      isTried = true;
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error;
      // The runtime lacks this key's curve, and may have that of the next.
      unsupported = error;
    }
  }
  if (unsupported !== null && !isTried) throw unsupported;
  throw new VerifyError(isTried ? "signature.invalid" : "key.unknown");
}
