// The guarded Worker of the long run. POST tells it the time and what is revoked, and asks what its
// wasm holds.

// Before the package, which makes its instance when it is imported.
import "./memories.ts";
import { createVerifier, memoryRevocation } from "tokenkeep/edge";
import { AUDIENCE, ISSUER, NOW } from "../edge/suite/kit.ts";
import { memoriesOfWasm } from "./memories.ts";

export interface Word {
  /** Epoch seconds. */
  readonly now: number;
  /** Identifiers of tokens, each with the seconds that its token has left. */
  readonly revoked: readonly (readonly [jti: string, ttl: number])[];
  /** Whether the answer is to have the memories of the wasm, as texts. */
  readonly looks?: boolean;
}

let now = NOW;
const clock = () => now * 1000;
const revocation = memoryRevocation({ max: 1_000, clock });
const verifier = createVerifier({
  issuers: {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ["ES256"],
    jwksUri: `${ISSUER}/jwks.json`,
  },
  revocation,
  clock,
});
const guarded = verifier.guard((_request, _env, _ctx, { claims }) =>
  Response.json({ sub: claims.sub }),
);

export default {
  async fetch(...given: Parameters<typeof guarded>): Promise<Response> {
    const [request] = given;
    if (request.method !== "POST") return guarded(...given);
    const word = (await request.json()) as Word;
    now = word.now;
    for (const [jti, ttl] of word.revoked) await revocation.revokeToken(ISSUER, jti, ttl);
    return Response.json(word.looks === true ? memoriesOfWasm() : []);
  },
};
