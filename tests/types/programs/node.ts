// A server without the types of the web platform: `lib` has no "dom", only what @types/node knows.

import { createServer } from "node:http";
import { createVerifier, type Jwk, memoryRevocation, VerifyError } from "tokenkeep/edge";

const keys: Jwk[] = [{ kty: "EC", kid: "k1" }];
const verifier = createVerifier({
  issuers: {
    issuer: "https://auth.example.com",
    audience: "https://api.example.com",
    algorithms: ["ES256"],
    jwks: { keys },
  },
  revocation: memoryRevocation(),
});

createServer((request, response) => {
  verifier.verify(request.headers.authorization ?? "").then(
    ({ claims }) => response.end(claims.sub),
    (error: unknown) => response.writeHead(error instanceof VerifyError ? error.status : 500).end(),
  );
});
