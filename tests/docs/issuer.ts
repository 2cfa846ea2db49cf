// The issuer that some blocks of the documents take for granted. Whoever bundles this says which.

import type { IssuerOptions } from "tokenkeep/edge";

declare const ISSUER: string;
declare global {
  var issuer: IssuerOptions;
}

globalThis.issuer = {
  issuer: ISSUER,
  audience: "https://api.example.com",
  algorithms: ["ES256"],
  jwksUri: `${ISSUER}/.well-known/jwks.json`,
};
