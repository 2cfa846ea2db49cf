// The options of `tokenkeep/jwe`, read and checked.

import { invalidOption, reading } from "../edge/options/invalid.js";
import { listOf, readMembers } from "../edge/options/read.js";
import { type RecipientKey, readKey } from "./recipient-key.js";
import type {
  ContentEncryption,
  DecryptionKey,
  DecryptionOptions,
  KeyManagement,
} from "./types.js";

const KEY_MANAGEMENTS: readonly string[] = [
  "dir",
  "A128KW",
  "A256KW",
  "RSA-OAEP",
  "RSA-OAEP-256",
  "ECDH-ES",
  "ECDH-ES+A128KW",
  "ECDH-ES+A256KW",
] satisfies KeyManagement[];
const CONTENT_ENCRYPTIONS: readonly string[] = [
  "A256GCM",
  "A128GCM",
  "A128CBC-HS256",
  "A256CBC-HS512",
] satisfies ContentEncryption[];

export interface Settings {
  readonly keyManagement: readonly string[];
  readonly contentEncryption: readonly string[];
  readonly keys: readonly RecipientKey[];
}

/**
 * `given`: the keys of whoever takes tokens of any issuer.
 *
 * @throws {VerifyError} config_invalid
 */
export function readOptions(
  options: Omit<DecryptionOptions, "keys"> & { keys?: DecryptionOptions["keys"] },
  given?: readonly DecryptionKey[],
): Settings {
  const known = ["keyManagement", "contentEncryption"];
  const members = readMembers("options", options, given ? known : [...known, "keys"]);
  const { contentEncryption = CONTENT_ENCRYPTIONS.slice(0, 2) } = members;
  const settings = {
    keyManagement: readNames("keyManagement", members.keyManagement, KEY_MANAGEMENTS),
    contentEncryption: readNames("contentEncryption", contentEncryption, CONTENT_ENCRYPTIONS),
    keys: readKeys(given ?? members.keys),
  };
  for (const { fits, isSymmetric, issuer, where } of settings.keys) {
    if (!given && isSymmetric && issuer === undefined)
      throw invalidOption(`${where}.issuer`, "is mandatory for a symmetric key");
    const fitsAny = settings.keyManagement.some((alg) =>
      settings.contentEncryption.some((enc) => fits(alg, enc)),
    );
    if (!fitsAny) throw invalidOption(where, "goes with none of the algorithms");
  }
  return settings;
}

/** @throws {VerifyError} config_invalid */
export function readKeys(given: unknown): readonly RecipientKey[] {
  const keys = listOf("keys", given).map((key, place) => {
    const where = `keys[${place}]`;
    return reading(where, () => readKey(key, where));
  });
  const kids = keys.flatMap(({ kid }) => kid ?? []);
  if (keys.length === 0 || new Set(kids).size < kids.length)
    throw invalidOption("keys", "must not be empty, nor name one kid twice");
  return keys;
}

function readNames(option: string, given: unknown, known: readonly string[]): readonly string[] {
  const names = listOf(option, given) as readonly string[];
  if (names.length === 0 || !names.every((name) => known.includes(name)))
    throw invalidOption(option, "names none, or what there is not");
  return names;
}
