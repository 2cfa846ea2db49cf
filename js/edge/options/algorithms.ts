// The allow-lists of algorithms, of an issuer and of `verifyCompact`.

import type { Algorithm } from "../core.js";
import { invalidOption } from "./invalid.js";
import type { Algorithm as Given } from "./types.js";

/** The bytes that a secret must have for each algorithm of HMAC; null for the others. */
const SECRET_BYTES: { readonly [name in Algorithm]: number | null } = {
  RS256: null,
  RS384: null,
  RS512: null,
  PS256: null,
  PS384: null,
  PS512: null,
  ES256: null,
  ES384: null,
  ES512: null,
  EdDSA: null,
  HS256: 32,
  HS384: 48,
  HS512: 64,
};

/** All of them. "Ed25519" is another name for EdDSA. */
export const ALGORITHMS = Object.keys(SECRET_BYTES) as readonly Algorithm[];
const NAMES: readonly string[] = [...ALGORITHMS, "Ed25519"] satisfies Given[];

/**
 * The algorithms of an allow-list, each once and in one order, however it is written.
 *
 * @throws {VerifyError} config_invalid
 */
export function readAlgorithms(option: string, names: readonly string[]): readonly Algorithm[] {
  if (names.length === 0) throw invalidOption(option, "must not be empty");
  const odd = names.find((name) => !NAMES.includes(name));
  if (odd !== undefined) throw invalidOption(option, `must not name ${JSON.stringify(odd)}`);
  const isNamed = (name: Algorithm) =>
    names.includes(name) || (name === "EdDSA" && names.includes("Ed25519"));
  return ALGORITHMS.filter(isNamed);
}

/** Whether an algorithm goes with secrets. The others go with key sets. */
export function isOfSecrets(name: Algorithm): boolean {
  return SECRET_BYTES[name] !== null;
}

/** The least bytes of a secret that goes with all of the algorithms. */
export function secretBytes(algorithms: readonly Algorithm[]): number {
  return Math.max(0, ...algorithms.map((name) => SECRET_BYTES[name] ?? 0));
}
