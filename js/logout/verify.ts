// What `tokenkeep/logout` takes, and the verification of one logout token. The rules are those of
// src/verify/logout.rs.

import { invalidOption, reading } from "../edge/options/invalid.js";
import { ownMembers } from "../edge/options/own.js";
import { functionIfGiven, number, readMembers } from "../edge/options/read.js";
import type { Revoker } from "../edge/options/store-types.js";
import type {
  IssuerOptions,
  JwksOptions,
  VerifierEvent,
  VerifierOptions,
} from "../edge/options/types.js";
import type { ExecutionContextLike } from "../edge/result/verified.js";
import { logoutVerifier } from "../edge.js";

/** How logout tokens are verified, and what a logout does. */
export interface LogoutOptions {
  /**
   * As for `createVerifier`, but `audience` is the client id that the provider knows, and never
   * null. `profile`, `types`, `requiredClaims`, `maxTokenAge` and `check` of an issuer are meant
   * for its access tokens and don't count here.
   */
  issuers: VerifierOptions["issuers"];
  /**
   * Is told what a logout revokes: `kvRevocation()`, `redisRevocation()`, `memoryRevocation()`.
   * Without it nothing is revoked.
   */
  revoker?: Revoker;
  /**
   * "session" (default): the tokens with the logout's `sid`; all of the user where it names none.
   * "user": all that the user was issued up to the logout's `iat`; the session's where it names no
   * user.
   */
  reach?: "session" | "user";
  /**
   * Seconds that a revocation stands: at least the life of the longest access token. Mandatory with
   * `revoker`.
   */
  ttl?: number;
  /** Takes logout tokens without `exp`; then `iat` decides alone. Default false. */
  allowNoExpiry?: boolean;
  /** Most seconds since `iat`, with the clock's slack. Default 300; 1 to 86 400. */
  maxAge?: number;
  /**
   * Runs after the revocation, and is waited for. A throw answers 503: the provider may try again.
   */
  onLogout?: (logout: LogoutToken) => void | Promise<void>;
  /** As for `createVerifier`. */
  jwks?: JwksOptions;
  /** Seconds of slack on `exp`, `nbf` and `iat`. Default 30. */
  clockTolerance?: number;
  /** Milliseconds since the epoch; for tests. */
  clock?: () => number;
  /** Hears of each logout token that is verified or refused, and of key sets. Never of a token. */
  onEvent?: (event: VerifierEvent) => void;
}

/** A logout token that is good. At least one of `sub` and `sid` is there. */
export interface LogoutToken {
  readonly issuer: string;
  /** Whose session it was. */
  readonly sub: string | null;
  /** Which session it was. */
  readonly sid: string | null;
  readonly jti: string;
  /** Seconds since the epoch, by the issuer's clock. */
  readonly iat: number;
  /** The name that `IssuerOptions.tenant` gives the issuer. */
  readonly tenant: string | null;
}

/** The options, read and checked. */
export interface Settings {
  readonly revoker: Revoker | undefined;
  readonly reach: "session" | "user";
  readonly ttl: number;
  readonly onLogout: LogoutOptions["onLogout"];
  readonly onEvent: LogoutOptions["onEvent"];
  /** @throws {VerifyError} */
  verify(token: string, ctx?: ExecutionContextLike): Promise<LogoutToken>;
}

const KNOWN: readonly string[] = [
  "issuers",
  "revoker",
  "reach",
  "ttl",
  "allowNoExpiry",
  "maxAge",
  "onLogout",
  "jwks",
  "clockTolerance",
  "clock",
  "onEvent",
] satisfies (keyof LogoutOptions)[];

/** Options of an issuer that say what an access token has to be. */
const OF_ACCESS_TOKENS: readonly string[] = [
  "profile",
  "types",
  "requiredClaims",
  "maxTokenAge",
  "check",
] satisfies (keyof IssuerOptions)[];

const verifiers = new WeakMap<LogoutOptions, Settings>();

/**
 * Verifies one logout token, and revokes nothing. The keys are remembered with the object of
 * options: give the same one each time.
 *
 * @throws {VerifyError}
 */
export async function verifyLogoutToken(
  token: string,
  options: LogoutOptions,
  ctx?: ExecutionContextLike,
): Promise<LogoutToken> {
  let settings = verifiers.get(options);
  if (settings === undefined) {
    settings = readSettings(options);
    verifiers.set(options, settings);
  }
  return settings.verify(token, ctx);
}

/** @throws {VerifyError} config_invalid */
export function readSettings(given: LogoutOptions): Settings {
  return reading("options", () => settingsOf(given));
}

function settingsOf(given: LogoutOptions): Settings {
  const options = readMembers("options", given, KNOWN);
  const { issuers, revoker, reach = "session", ttl, maxAge, onLogout, ...rest } = options;
  if (reach !== "session" && reach !== "user")
    throw invalidOption("reach", "must be session or user");
  functionIfGiven("onLogout", onLogout);
  if (revoker !== undefined) {
    const { revokeSession, revokeUser } = revoker ?? {};
    if (typeof revokeSession !== "function" || typeof revokeUser !== "function")
      throw invalidOption("revoker", "must have the methods revokeSession and revokeUser");
    if (ttl === undefined) throw invalidOption("ttl", "must be given with `revoker`");
  }
  const verify = logoutVerifier({
    ...rest,
    issuers: issuersFor(issuers),
    maxTokenAge: number("maxAge", maxAge, 300, 1, 86_400),
    // A logout token comes once.
    resultCacheSize: 0,
  });
  return {
    revoker,
    reach,
    ttl: number("ttl", ttl, 0, 1, Number.MAX_SAFE_INTEGER),
    onLogout,
    onEvent: rest.onEvent,
    async verify(token, ctx) {
      const { claims, issuer, tenant } = await verify(token, ctx);
      const { sub, sid, jti, iat } = ownMembers(claims, ["sub", "sid", "jti", "iat"]);
      return {
        issuer,
        sub: textOf(sub),
        sid: textOf(sid),
        jti: String(jti),
        iat: Number(iat),
        tenant,
      };
    },
  };
}

/** A `sub` may be a number where the issuer's options tolerate it. */
function textOf(claim: unknown): string | null {
  return claim === undefined ? null : String(claim);
}

function issuersFor(given: LogoutOptions["issuers"]): VerifierOptions["issuers"] {
  if (typeof given === "function") {
    return async (name) => {
      const issuer = await given(name);
      return issuer && issuerFor(issuer);
    };
  }
  return Array.isArray(given) ? Array.from(given, issuerFor) : issuerFor(given as IssuerOptions);
}

function issuerFor(given: IssuerOptions): IssuerOptions {
  // The verifier says what is wrong with anything else.
  if (typeof given !== "object" || given === null) return given;
  const members = Object.entries(given).flatMap(([name, value]) => {
    if (OF_ACCESS_TOKENS.includes(name)) return [];
    // Null is refused as a list without items is.
    return [[name, name === "audience" ? (value ?? []) : value]];
  });
  return Object.fromEntries(members) as IssuerOptions;
}
