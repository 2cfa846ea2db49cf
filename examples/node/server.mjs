// A protected API on node:http. Start it with
// `ISSUER=https://auth.example.com AUDIENCE=https://api.example.com node server.mjs`.

import { createServer } from "node:http";
import { createVerifier, VerifyError } from "tokenkeep/edge";

const {
  ISSUER = "https://auth.example.com",
  AUDIENCE = "https://api.example.com",
  PORT = "8080",
} = process.env;

const verifier = createVerifier({
  issuers: {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ["ES256"],
    jwksUri: `${ISSUER}/.well-known/jwks.json`,
  },
  profile: "access-token",
});
const policy = { scopes: ["read"], realm: "example" };

const server = createServer(async ({ headersDistinct }, outgoing) => {
  let answer;
  try {
    const { claims } = await verifier.authenticate(requestWith(headersDistinct), policy);
    answer = Response.json({ hello: claims.sub });
  } catch (error) {
    answer =
      error instanceof VerifyError ? error.response(policy) : new Response(null, { status: 500 });
  }
  outgoing.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
});

/**
 * The verifier looks at the headers alone. Each value apart: node's
 * `headers` would hide a second `Authorization`.
 *
 * @param {NodeJS.Dict<string[]>} distinct
 */
function requestWith(distinct) {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(distinct))
    for (const value of values) headers.append(name, value);
  return new Request("http://localhost", { headers });
}

server.listen(Number(PORT), () => console.log(`Listening on ${JSON.stringify(server.address())}`));
