// One key of the recipient: a JWK or a CryptoKey, checked, and with which algorithms it goes.

import { invalidOption } from "../edge/options/invalid.js";
import { ownMembers } from "../edge/options/own.js";
import { listOf, readMembers } from "../edge/options/read.js";
import type { Jwk } from "../edge/options/types.js";
import { decodeBase64url } from "../shared/base64url.js";
import {
  contentKeyBytes,
  hashBits,
  isAgreement,
  isRsa,
  oaepHash,
  wrappingBytes,
} from "./algorithms.js";
import type { Bytes } from "./bytes.js";
import type { DecryptionKey } from "./types.js";

/** What a key is made of. */
interface Material {
  /** The bytes of a secret, the members that make a private key, or the platform's own. */
  readonly material: Bytes | JsonWebKey | CryptoKey;
  readonly isSymmetric: boolean;
  /** Whether it goes with the algorithms of a header. */
  fits(alg: string, enc: string): boolean;
}

export interface RecipientKey extends Material {
  readonly kid: string | undefined;
  /** The `alg` of a key that goes with one alone. */
  readonly alg: string | undefined;
  /** The issuer whose tokens alone it opens. */
  readonly issuer: string | undefined;
  /** Its place in the options, for messages. */
  readonly where: string;
  /** What the platform has made of it, by what it is for: settled values. */
  readonly ready: Map<string, unknown>;
}

/** @throws {VerifyError} config_invalid */
export function readKey(given: unknown, where: string): RecipientKey {
  const known = ["key", "kid", "alg", "issuer"];
  const { key, kid, alg, issuer } = readMembers(where, given as DecryptionKey, known);
  const isPlatforms = "usages" in Object(key);
  const jwk = ownMembers<Jwk>(Object(isPlatforms ? null : key), MEMBERS);
  const { kid: ownKid, alg: ownAlg } = jwk;
  const areTexts = [kid, issuer, ownKid, alg, ownAlg].every(
    (one = "-") => one && typeof one === "string",
  );
  let made: Material | null = null;
  try {
    made = isPlatforms ? ofPlatform(key as CryptoKey) : ofJwk(jwk);
  } catch {
    // A member is no text, or no base64url.
  }
  if (made === null || !areTexts) throw noKey(where);
  const pins = [alg, ownAlg].filter((one) => one !== undefined);
  return {
    ...made,
    kid: kid ?? ownKid,
    alg: alg ?? ownAlg,
    issuer,
    where,
    // The JWK of a shared key names the `enc` that it is used with (RFC 7517 section 4.4).
    fits: (alg, enc) =>
      made.fits(alg, enc) && pins.every((one) => one === alg || (alg === "dir" && one === enc)),
    ready: new Map(),
  };
}

/** Either it was never one, or the platform does not take it. */
export const noKey = (where: string) => invalidOption(where, "is no key for decryption");

const KINDS = /^(RSA|EC P-(256|384|521)|OKP X25519|oct)$/;
/** The members that make a private key, by `kty`. */
const PRIVATE: Readonly<Record<string, string>> = {
  RSA: "n e d p q dp dq qi",
  EC: "x y d",
  OKP: "x d",
  oct: "k",
};
const MEMBERS = "kty crv kid alg use key_ops x y d n e p q dp dq qi k".split(" ");
const OPERATIONS: readonly unknown[] = ["decrypt", "unwrapKey", "deriveKey", "deriveBits"];

/** Null: it is no key for decryption. */
function ofJwk(jwk: Jwk): Material | null {
  const { kty = "", crv, k = "", n = "", use = "enc", key_ops: operations = OPERATIONS } = jwk;
  const isKnown = KINDS.test(crv === undefined ? kty : `${kty} ${crv}`);
  const isFor = listOf("key_ops", operations).some((one) => OPERATIONS.includes(one));
  const isText = (name: string) => typeof jwk[name] === "string" && /^[\w-]+$/.test(jwk[name]);
  const members = PRIVATE[kty]?.split(" ") ?? [];
  if (!isKnown || !isFor || use !== "enc" || !members.every(isText)) return null;
  if (kty === "oct") {
    const secret = decodeBase64url(k);
    return { material: secret, isSymmetric: true, fits: secretFits(secret.length) };
  }
  if (kty === "RSA" && decodeBase64url(n).length < LEAST_RSA_BITS / 8) return null;
  const material = ownMembers(jwk, [...MEMBERS.slice(0, crv ? 2 : 1), ...members]);
  return { material, isSymmetric: false, fits: kty === "RSA" ? isRsa : isAgreement };
}

const LEAST_RSA_BITS = 2_048;

function ofPlatform(key: CryptoKey): Material | null {
  const algorithm = key.algorithm as Partial<AesKeyAlgorithm & RsaHashedKeyAlgorithm>;
  const { name = "", length = 0, modulusLength = LEAST_RSA_BITS, hash } = algorithm;
  const fitsSecret = secretFits(length / 8);
  const isGcm = (enc: string) => hashBits(enc) === undefined;
  const kinds: Readonly<Record<string, readonly [usage: KeyUsage, fits: Material["fits"]]>> = {
    "AES-KW": ["unwrapKey", (alg, enc) => alg !== "dir" && fitsSecret(alg, enc)],
    "AES-GCM": ["decrypt", (alg, enc) => alg === "dir" && isGcm(enc) && fitsSecret(alg, enc)],
    "RSA-OAEP": ["decrypt", (alg) => isRsa(alg) && hash?.name === oaepHash(alg)],
    ECDH: ["deriveBits", isAgreement],
    X25519: ["deriveBits", isAgreement],
  };
  const [usage, fits] = kinds[name] ?? [];
  return usage && fits && key.usages.includes(usage) && modulusLength >= LEAST_RSA_BITS
    ? { material: key, isSymmetric: key.type === "secret", fits }
    : null;
}

const secretFits =
  (bytes: number): Material["fits"] =>
  (alg, enc) =>
    !isAgreement(alg) && bytes === (alg === "dir" ? contentKeyBytes(enc) : wrappingBytes(alg));
