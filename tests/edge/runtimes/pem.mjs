// Reads a map of keys in PEM and prints what a verifier is told of it:
// `pem.mjs <the package's edge.js> <its discovery.js> <the map as JSON>`.

const [edge = "", discovery = "", map = ""] = process.argv.slice(2);
const { createVerifier } = await import(edge);
const { pemMap } = await import(discovery);

const verifier = createVerifier({
  issuers: {
    issuer: "https://issuer.example",
    audience: "https://api.example",
    algorithms: ["RS256", "ES256", "ES512"],
    jwksUri: pemMap("https://issuer.example/keys"),
  },
  jwks: { fetch: async () => new Response(map) },
  onEvent: (/** @type {unknown} */ event) => console.log(JSON.stringify(event)),
});
await verifier.prime();
