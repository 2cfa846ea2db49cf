// The verifier that the blocks of the recipes take for granted. Whoever bundles this says who the
// issuer is.

import { createVerifier, type Verifier } from "tokenkeep/edge";

declare const ISSUER: string;
declare global {
  var verifier: Verifier;
}

globalThis.verifier = createVerifier({
  issuers: {
    issuer: ISSUER,
    audience: "https://api.example.com",
    algorithms: ["ES256"],
    jwksUri: `${ISSUER}/.well-known/jwks.json`,
  },
});
