// Group Q: the table of one DPoP proof for each code. src/verify/proof/tests.rs reads it too.

import assert from "node:assert/strict";
import { createVerifier, memoryReplay } from "tokenkeep/edge";
import table from "../../shared/proof-cases.json" with { type: "json" };
import { secretOf } from "./dpop-kit.ts";
import { edge, refused } from "./kit.ts";

const { now, issuer, audience, keys, token, method, url } = table;
const clock = () => now * 1000;

for (const { code, proof } of table.cases)
  edge(`edge_Q316_the_table_of_proofs_gives_${code}`, async () => {
    const nonce = code === "proof.nonce" ? { nonce: { secret: secretOf(1) } } : {};
    const verifier = createVerifier({
      issuers: { issuer, audience, algorithms: ["ES256"], jwks: { keys } },
      clock,
      dpop: { replay: memoryReplay({ clock }), ...nonce },
    });
    const headers = new Headers({ Authorization: `DPoP ${token}` });
    if (proof !== null) headers.set("DPoP", proof);
    const ask = () => verifier.authenticate(new Request(url, { method, headers }));
    if (code === "good" || code === "proof.replayed")
      assert.equal((await ask())?.claims.sub, "alice");
    if (code !== "good") await refused(ask(), code);
  });
