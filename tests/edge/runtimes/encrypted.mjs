// Opens encrypted tokens at once and prints what became of each:
// `encrypted.mjs <the package's edge.js> <its jwe.js> <key set, keys and tokens as JSON>`.

const [edge = "", jwe = "", field = ""] = process.argv.slice(2);
const { createVerifier } = await import(edge);
const { decryption } = await import(jwe);
const { jwks, keys, keyManagement, contentEncryption, tokens } = JSON.parse(field);
const issuer = "https://issuer.example";
const verifier = createVerifier({
  issuers: { issuer, audience: "https://api.example", algorithms: ["ES256"], jwks },
  encryption: decryption({
    keys: keys.map((/** @type {import("tokenkeep/edge").Jwk} */ key) => ({ key, issuer })),
    keyManagement,
    contentEncryption,
  }),
});
const outcomes = tokens.map((/** @type {string} */ token) =>
  verifier.verify(token).then(
    (/** @type {import("tokenkeep/edge").Verified} */ { claims }) => claims.sub,
    (/** @type {import("tokenkeep/edge").VerifyError} */ error) => error.code,
  ),
);
console.log(JSON.stringify(await Promise.all(outcomes)));
