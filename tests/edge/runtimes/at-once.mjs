// Verifies many tokens at once and prints what became of each:
// `at-once.mjs <the package's edge.js> <key set and tokens as JSON>`. In a browser the page calls
// `verifyAtOnce` itself.

/**
 * @param {typeof import("tokenkeep/edge")} edge
 * @param {{ alg: import("tokenkeep/edge").Algorithm, jwks:
 * { keys: import("tokenkeep/edge").Jwk[] }, tokens: string[] }} field
 */
export async function verifyAtOnce({ createVerifier }, { alg, jwks, tokens }) {
  const verifier = createVerifier({
    issuers: {
      issuer: "https://issuer.example",
      audience: "https://api.example",
      algorithms: [alg],
      jwks,
    },
  });
  // From here on the key is ready, and nothing is awaited between reading a token and checking it.
  await verifier.verify(tokens[0] ?? "");
  return Promise.all(
    tokens.map((token) =>
      verifier.verify(token).then(
        ({ claims }) => claims.sub,
        (error) => error.code,
      ),
    ),
  );
}

if (globalThis.process !== undefined) {
  const [edge = "", field = ""] = process.argv.slice(2);
  console.log(JSON.stringify(await verifyAtOnce(await import(edge), JSON.parse(field))));
}
