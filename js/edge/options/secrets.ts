// The secrets of an issuer that signs with HS*. They never meet its key set: an algorithm goes with
// the one or with the other. RFC 8725 section 2.1 tells what happens where it doesn't.

import { decodeBinary, encodeBinary } from "../../shared/base64url.js";
import type { Algorithm } from "../core.js";
import { isOfSecrets, secretBytes } from "./algorithms.js";
import { invalidOption } from "./invalid.js";
import { listOf, readMembers } from "./read.js";
import type { IssuerOptions } from "./types.js";

export interface Secret {
  /** base64url. */
  readonly k: string;
  /** Undefined: all that the issuer uses. */
  readonly alg: Algorithm | undefined;
  /** Given: it is used for tokens with this `kid` alone. */
  readonly kid: string | undefined;
}

type Given = Pick<IssuerOptions, "secret" | "secrets">;

/** A secret of more bytes is hashed to fewer (RFC 2104 section 2). */
const MOST_BYTES = 4_096;
const MOST_SECRETS = 100;
/** With one that is named, a token may mean four: as many as are tried. */
const MOST_UNNAMED = 3;

export function readSecrets(
  where: string,
  { secret, secrets = [] }: Given,
  algorithms: readonly Algorithm[],
): readonly Secret[] {
  const hashes = algorithms.filter(isOfSecrets);
  const read: Secret[] = listOf(`${where}.secrets`, secrets).map((one, place) =>
    readSecret(`${where}.secrets[${place}]`, one as Entry, hashes),
  );
  if (secret !== undefined) {
    const k = textOf(`${where}.secret`, secret, secretBytes(hashes));
    read.push({ k, alg: undefined, kid: undefined });
  }
  if (read.length > 0 && hashes.length === 0)
    throw invalidOption(where, "must not have a secret where no algorithm is HS*");
  const bare = hashes.find((name) => !read.some(({ alg }) => (alg ?? name) === name));
  if (bare !== undefined) throw invalidOption(where, `needs \`secret\` or \`secrets\` for ${bare}`);
  const names = read.flatMap(({ kid }) => kid ?? []);
  if (new Set(names).size < names.length)
    throw invalidOption(`${where}.secrets`, "must not name one kid twice");
  if (read.length > MOST_SECRETS || read.length - names.length > MOST_UNNAMED)
    throw invalidOption(
      `${where}.secrets`,
      `must hold at most ${MOST_SECRETS}, and ${MOST_UNNAMED} without a kid`,
    );
  return read;
}

type Entry = NonNullable<IssuerOptions["secrets"]>[number];

function readSecret(where: string, given: Entry, hashes: readonly Algorithm[]): Secret {
  const { secret, algorithm, kid } = readMembers(where, given, ["secret", "algorithm", "kid"]);
  const alg = hashes.find((name) => name === algorithm);
  if (alg === undefined)
    throw invalidOption(`${where}.algorithm`, "must be an HS* of the issuer's `algorithms`");
  if (kid !== undefined && (typeof kid !== "string" || kid === ""))
    throw invalidOption(`${where}.kid`, "must be a text that is not empty");
  return { k: textOf(`${where}.secret`, secret, secretBytes([alg])), alg, kid };
}

function textOf(name: string, secret: unknown, least: number): string {
  if (!(secret instanceof Uint8Array)) throw invalidOption(name, "must be a Uint8Array");
  const bytes = new Uint8Array(secret);
  if (bytes.length < least)
    throw invalidOption(name, `must be at least as long as the hash: ${least} bytes`);
  if (bytes.length > MOST_BYTES) throw invalidOption(name, `must not be over ${MOST_BYTES} bytes`);
  const text = String.fromCharCode(...bytes);
  if (isKey(text)) throw invalidOption(name, "must not be a key or a certificate");
  return encodeBinary(text);
}

/**
 * Whether the bytes are a key or a certificate, plain or in base64, as Keycloak shows its keys.
 * Where a public key is the secret, everybody knows it.
 */
function isKey(text: string): boolean {
  let decoded = "";
  try {
    decoded = decodeBinary(text);
  } catch {
    // It is no base64.
  }
  return [text, decoded].some((one) => KEY.test(one) || DER.test(one));
}

/** The beginnings of PEM, of OpenSSH's keys, and of a JWK or several. */
const KEY = /-----BEGIN |^(ssh|ecdsa)-\S+ AAAA|^(\xef\xbb\xbf)?\s*[{[].*"kty"/s;
/**
 * DER (X.690 section 8.9): a sequence that begins with that of a key's algorithm; or, if it is
 * long, with that of a certificate, or with a modulus. A random secret looks like this once in
 * forty million times.
 */
const DER = /^0(?:[\x2a-\x7f]|\x81.|\x82..)0.\x06|^0(?:\x81.|\x82..)[0\x02][\x81\x82]/s;

/** The secrets as a key set (RFC 7518 section 6.4). */
export function keySetOf(secrets: readonly Secret[]): string {
  return JSON.stringify({ keys: secrets.map((secret) => ({ kty: "oct", ...secret })) });
}
