// Judging an access token (RFC 9068): is it one of our authority's, for us, and alive? It may not be, or we may be unable to
// tell because the keys are out of reach; the two are kept apart, for only the first is the caller's business.

import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";

/** The claims of a token that passed. */
export interface AccessToken extends JWTPayload {
  sub: string;
  jti: string;
  client_id: string;
  exp: number;
  iat: number;
  name?: string;
}

export type Verdict = { accepted: AccessToken } | { refused: string };

/** What jose says when the fault is the token's. Anything else it throws is a failure to fetch or read the key set. */
const FAULTS_OF_THE_TOKEN: readonly string[] = [
  errors.JWTExpired.code,
  errors.JWTClaimValidationFailed.code,
  errors.JWTInvalid.code,
  errors.JWSInvalid.code,
  errors.JWSSignatureVerificationFailed.code,
  errors.JOSEAlgNotAllowed.code,
  errors.JOSENotSupported.code,
  errors.JWKSNoMatchingKey.code,
];

/** Rejects when the keys can't be had. */
export async function judge(token: string, issuer: string, audience: string, keys: JWTVerifyGetKey): Promise<Verdict> {
  try {
    const { payload } = await jwtVerify<AccessToken>(token, keys, {
      issuer,
      audience,
      typ: "at+jwt",
      // Listed here, never taken from the token: `none` and a public key passed off as a MAC secret end at this line.
      algorithms: ["ES256"],
      requiredClaims: ["sub", "jti", "client_id", "exp", "iat"],
    });
    return { accepted: payload };
  } catch (error) {
    if (error instanceof errors.JOSEError && FAULTS_OF_THE_TOKEN.includes(error.code)) return { refused: error.code };
    throw error;
  }
}
