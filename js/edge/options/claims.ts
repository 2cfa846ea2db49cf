// The options of an issuer that name claims: those that must have certain values, and where its
// tokens write what policies and revocation ask for.

import { invalidOption } from "./invalid.js";
import { listOfTexts, readMembers } from "./read.js";
import type { ClaimPath, IssuerOptions } from "./types.js";

/** A claim that must be one of these texts, or a list that holds one of them. */
export interface WantedClaim {
  readonly name: string;
  readonly values: readonly string[];
}

type What = keyof NonNullable<IssuerOptions["claimPaths"]>;

/** Paths into the claims. What is found at the ends of all of them counts. */
export type Paths = readonly (readonly string[])[];
export type ClaimPaths = { readonly [what in What]?: Paths | undefined };

const KNOWN: readonly string[] = [
  "scopes",
  "roles",
  "permissions",
  "acr",
  "sid",
  "jti",
] satisfies What[];

/** Each costs time at each token. */
const MOST_CLAIMS = 32;
const MOST_VALUES = 1_000;
const MOST_PATHS = 32;

export function readWantedClaims(
  where: string,
  given: IssuerOptions["claims"],
): readonly WantedClaim[] {
  if (given === undefined) return [];
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw invalidOption(where, "must be an object");
  const claims = Object.entries(given).map(([name, value]) => ({
    name,
    values: someTexts(`${where}.${name}`, typeof value === "string" ? [value] : value, MOST_VALUES),
  }));
  if (claims.length === 0 || claims.length > MOST_CLAIMS)
    throw invalidOption(where, `must name 1 to ${MOST_CLAIMS} claims`);
  return claims;
}

/** Has a member for each name: nothing of it is read through a prototype. */
export function readClaimPaths(where: string, given: IssuerOptions["claimPaths"] = {}): ClaimPaths {
  const paths = Object.entries(readMembers(where, given, KNOWN));
  return Object.fromEntries(
    paths.map(([what, path]) => [
      what,
      path === undefined ? path : readPaths(`${where}.${what}`, path),
    ]),
  );
}

function readPaths(name: string, given: ClaimPath): Paths {
  if (typeof given === "string") return [someTexts(name, [given], MOST_PATHS)];
  const list: readonly unknown[] = Array.isArray(given) ? Array.from(given) : [];
  if (!list.some((item) => Array.isArray(item))) return [someTexts(name, list, MOST_PATHS)];
  if (list.length > MOST_PATHS) throw invalidOption(name, `must not hold over ${MOST_PATHS} paths`);
  return list.map((path) => someTexts(name, path, MOST_PATHS));
}

function someTexts(name: string, given: unknown, most: number): readonly string[] {
  const texts = listOfTexts(name, given);
  if (texts.length === 0 || texts.length > most)
    throw invalidOption(name, `must hold 1 to ${most} texts`);
  return texts;
}
