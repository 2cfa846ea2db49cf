// Where an issuer writes what policies and revocation ask for: paths into the claims, and what is
// found there. A claim is looked at when somebody asks; most handlers ask for none.

import type { Paths } from "../options/claims.js";
import type { IssuerSettings } from "../options/issuer.js";
import type { RevocationSubject } from "../options/store-types.js";
import { VerifyError } from "../request/error.js";
import type { Claims } from "./verified.js";

/** What stands at a path, by own members alone; undefined where nothing does. */
export function valueAt(claims: Claims, path: readonly string[]): unknown {
  let value: unknown = claims;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name))
      return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** The texts at the ends of all the paths. What holds something else adds none. */
export function textsAt(claims: Claims, paths: Paths): ReadonlySet<string> {
  return new Set(paths.flatMap((path) => textsOf(valueAt(claims, path))));
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return value.split(" ").filter((text) => text !== "");
  if (typeof value !== "object" || value === null) return [];
  if (!Array.isArray(value)) return Object.keys(value);
  return value.every((item) => typeof item === "string") ? value : [];
}

/**
 * What a revocation store is asked about.
 *
 * @throws {VerifyError} claim.sid or claim.jti for what is no name: a revocation of it would never
 * be found. For a log (`isLogged`) it is null
 */
export function subjectOf(
  claims: Claims,
  { issuer, claimPaths, tolerate }: IssuerSettings,
  isLogged = false,
): RevocationSubject {
  const nameOf = (what: "sub" | "sid" | "jti", paths: Paths, mayBeNumber: boolean) => {
    const found = paths.map((path) => valueAt(claims, path)).find((value) => value !== undefined);
    if (typeof found === "string") return found;
    if (mayBeNumber && Number.isSafeInteger(found)) return String(found);
    if (isLogged || found === undefined) return null;
    throw new VerifyError(`claim.${what}`);
  };
  const iat = valueAt(claims, ["iat"]);
  return {
    issuer,
    jti: nameOf("jti", claimPaths.jti ?? [["jti"]], tolerate.includes("numeric-jti")),
    sid: nameOf("sid", claimPaths.sid ?? [["sid"]], false),
    sub: nameOf("sub", [["sub"]], tolerate.includes("numeric-sub")),
    iat: typeof iat === "number" ? iat : null,
  };
}
