// The signatures: keys as the platform takes them, and its verdict. A key ready for use is a
// settled value and stays with the set it came in.

import type { Core } from "../core.js";
import { VerifyError } from "../request/error.js";
import { type Check, checkAtOnce } from "./node-crypto.js";

/** A key that may be used, as src/verify/keys.rs describes it. */
export interface KeyDescription {
  readonly kid: string | null;
  /** A bit for each algorithm that it may be used with, by their places in `ALGORITHMS`. */
  readonly algorithms: number;
  /** The members that make the key, in order of their names. */
  readonly jwk: JsonWebKey;
}

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
  readonly kid: string | null;
  readonly algorithms: number;
  readonly jwk: JsonWebKey;
  #thumbprint: string | undefined;
  readonly #signers = new Map<string, Signer>();

  constructor({ kid, algorithms, jwk }: KeyDescription) {
    this.kid = kid;
    this.algorithms = algorithms;
    this.jwk = jwk;
  }

  /** RFC 7638; empty for a symmetric key, whose hash would be worth attacking. */
  thumbprint(core: Core): string {
    return (this.#thumbprint ??=
      this.jwk.kty === "oct" ? "" : core.thumbprint(JSON.stringify(this.jwk)));
  }

  /** The key ready for use with one algorithm; null when the platform finds it no good. */
  async signer(alg: string, core: Core): Promise<Signer | null> {
    const ready = this.#signers.get(alg);
    if (ready !== undefined) return ready;
    const check = checkAtOnce(this.jwk, alg) ?? (await checkLater(this.jwk, alg));
    if (check === null) return null;
    const signer = new Signer(
      check,
      Object.freeze({ kid: this.kid, alg, thumbprint: this.thumbprint(core) }),
    );
    this.#signers.set(alg, signer);
    return signer;
  }
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
export class Signer {
  readonly #check: Check;
  /** What a caller is told of it. */
  readonly described: {
    readonly kid: string | null;
    readonly alg: string;
    readonly thumbprint: string;
  };

  constructor(check: Check, described: Signer["described"]) {
    this.#check = check;
    this.described = described;
  }

  /**
   * What `next` makes of whether the signature is its own. The bytes may lie in memory that
   * somebody else is about to use: the platform takes its own copy before this returns (Web
   * Cryptography API, section 14.3.4, steps 2 and 3).
   */
  checked<T>(
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

/** The first of the keys whose signature it is. Here the bytes must be the caller's own. */
export async function signerAmong(
  candidates: readonly Key[],
  alg: string,
  core: Core,
  bytes: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
): Promise<Signer> {
  if (signature.length === 0) throw new VerifyError("signature.invalid");
  let usable = false;
  let lacking: VerifyError | null = null;
  for (const key of candidates) {
    try {
      const signer = await key.signer(alg, core);
      if (signer === null) continue;
      if (await signer.checked(bytes, signature, Boolean)) return signer;
      usable = true;
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error;
      // The runtime lacks this key's curve; the next one's it may have.
      lacking = error;
    }
  }
  if (lacking !== null && !usable) throw lacking;
  throw new VerifyError(usable ? "signature.invalid" : "key.unknown");
}
