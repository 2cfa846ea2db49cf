// A remembered opaque token beside a remembered JWT, each verified and its `sub` read.

import { createVerifier } from "tokenkeep/edge";
import { introspection } from "tokenkeep/introspection";
import { AUDIENCE, ISSUER, SUBJECT, signerOf } from "../verify/field.ts";

export const NAMES = ["a JWT", "an opaque token"] as const;

/** How many tokens come again and again. */
const TOKENS = 20;

/** Each verifies one of its tokens, and returns nothing. */
export async function contestants(): Promise<Record<string, (place: number) => Promise<void>>> {
  const { jwks, token } = await signerOf("ES256");
  const jwts = await Promise.all(Array.from({ length: TOKENS }, (_, place) => token(place)));
  const [, payload = ""] = jwts[0]?.split(".") ?? [];
  const claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
  const answer = JSON.stringify({ active: true, token_type: "Bearer", ...claims });
  const opaque = jwts.map((_, place) => `opaque-token-${String(place).padStart(30, "0")}`);
  const verifier = createVerifier({
    issuers: { issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"], jwks },
    introspection: introspection({
      issuer: ISSUER,
      audience: AUDIENCE,
      endpoint: `${ISSUER}/introspect`,
      client: { id: "api", auth: { method: "client_secret_basic", secret: "secret" } },
      cacheTtl: 300,
      fetch: async () => new Response(answer),
    }),
  });
  const over = (tokens: readonly string[]) => async (place: number) => {
    // As from the header of a request: a new string each time.
    const header = `Bearer ${tokens[place % TOKENS] ?? ""}`;
    const { claims, cached } = await verifier.verify(header.slice("Bearer ".length));
    if (claims.sub !== SUBJECT) throw new Error("somebody else's token");
    if (place >= TOKENS && !cached) throw new Error("it was not remembered");
  };
  return { "a JWT": over(jwts), "an opaque token": over(opaque) };
}
