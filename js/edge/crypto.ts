// The signatures: keys as the platform takes them, and its verdict. A CryptoKey is a settled value and stays with the set it came in.

import { VerifyError } from "./error.js";

/** A key that may be used, as src/verify/keys.rs describes it. */
export interface Key {
  readonly kid: string | null;
  readonly algorithms: readonly string[];
  readonly thumbprint: string;
  readonly jwk: JsonWebKey;
}

const SHA = (alg: string) => `SHA-${alg.slice(2)}`;

function importParameters(alg: string, { crv }: JsonWebKey): RsaHashedImportParams | EcKeyImportParams | HmacImportParams | Algorithm {
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

/** By the algorithm and the curve alone: asking a CryptoKey for its algorithm makes a new object each time. */
function verifyParameters(alg: string, { crv }: JsonWebKey): AlgorithmIdentifier | RsaPssParams | EcdsaParams {
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

/** The keys of one set, ready for use as they are needed. */
export class CryptoKeys {
  readonly #ready = new Map<string, CryptoKey>();

  /** The key for one algorithm; null when the platform finds it no good. */
  async ready(key: Key, alg: string): Promise<CryptoKey | null> {
    const name = `${alg} ${key.thumbprint}`;
    const ready = this.#ready.get(name);
    if (ready !== undefined) return ready;
    try {
      const made = await crypto.subtle.importKey("jwk", key.jwk, importParameters(alg, key.jwk), false, ["verify"]);
      this.#ready.set(name, made);
      return made;
    } catch (cause) {
      if (isUnsupported(cause)) throw new VerifyError("alg.unsupported_by_runtime", { cause });
      return null;
    }
  }

  /** The key when it is ready. */
  peek(key: Key, alg: string): CryptoKey | undefined {
    return this.#ready.get(`${alg} ${key.thumbprint}`);
  }
}

function isUnsupported(cause: unknown): boolean {
  return cause instanceof Error && cause.name === "NotSupportedError";
}

const encoder = new TextEncoder();
const DOT = 0x2e;

export function bytesOf(token: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(token);
}

/** The bytes that a compact JWS signs. */
export function signingInput(token: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return token.subarray(0, token.lastIndexOf(DOT));
}

/** The second part of a compact JWS. */
export function payloadPart(token: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return token.subarray(token.indexOf(DOT) + 1, token.lastIndexOf(DOT));
}

/** The first of the keys whose signature it is. */
export async function signerAmong(
  candidates: readonly Key[],
  cryptoKeys: CryptoKeys,
  alg: string,
  signature: Uint8Array<ArrayBuffer>,
  signed: Uint8Array<ArrayBuffer>,
): Promise<Key> {
  if (signature.length === 0) throw new VerifyError("signature.invalid");
  let usable = false;
  for (const key of candidates) {
    const cryptoKey = cryptoKeys.peek(key, alg) ?? (await cryptoKeys.ready(key, alg));
    if (cryptoKey === null) continue;
    usable = true;
    if (await holds(cryptoKey, verifyParameters(alg, key.jwk), signature, signed)) return key;
  }
  throw new VerifyError(usable ? "signature.invalid" : "key.unknown");
}

async function holds(key: CryptoKey, parameters: ReturnType<typeof verifyParameters>, signature: Uint8Array<ArrayBuffer>, signed: Uint8Array<ArrayBuffer>): Promise<boolean> {
  try {
    return await crypto.subtle.verify(parameters, key, signature, signed);
  } catch (cause) {
    if (isUnsupported(cause)) throw new VerifyError("alg.unsupported_by_runtime", { cause });
    // Some platforms throw for a signature that no key could have made.
    return false;
  }
}
