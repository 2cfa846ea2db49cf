// Group D: the secrets of an issuer that signs with HS*, alone and beside a key set.

import assert from "node:assert/strict";
import { exportJWK, exportSPKI, SignJWT } from "jose";
import { createVerifier, type IssuerOptions, type Verified } from "tokenkeep/edge";
import { ED25519, P_521_VERSION_1 } from "../certificates.ts";
import {
  AUDIENCE,
  base64url,
  bench,
  bytesOf,
  claims,
  edge,
  ISSUER,
  keyPair,
  misconfigured,
  refused,
  sign,
} from "./kit.ts";

const text = (written: string) => new TextEncoder().encode(written);
const make = (issuer: Record<string, unknown>) =>
  createVerifier({ issuers: { issuer: ISSUER, audience: AUDIENCE, ...issuer } as never });
const SECRETS = [1, 2, 3].map((seed) => new Uint8Array(64).map((_, place) => place * 7 + seed));
const [first, second, third] = SECRETS as [Uint8Array, Uint8Array, Uint8Array];
const byHash = (
  secret: Uint8Array,
  header: { alg: string; kid?: string },
  more: Record<string, unknown> = {},
) => new SignJWT(claims(more)).setProtectedHeader(header).sign(secret);

edge("edge_D148_takes_the_secrets_of_a_rotation_each_with_its_kid_and_algorithm", async () => {
  const issuer = {
    algorithms: ["HS256", "HS512"],
    jwksUri: undefined,
    secrets: [
      { secret: first, algorithm: "HS256", kid: "one" },
      { secret: second, algorithm: "HS512", kid: "two" },
      { secret: third, algorithm: "HS256" },
    ],
  } as never;
  const { verifier, endpoint } = await bench({ issuer });
  const key = async (token: Promise<string>) => (await verifier.verify(await token)).key;
  for (const jti of ["1", "2"]) {
    assert.deepEqual(await key(byHash(first, { alg: "HS256", kid: "one" }, { jti })), {
      kid: "one",
      alg: "HS256",
      thumbprint: "",
    });
    assert.equal((await key(byHash(second, { alg: "HS512", kid: "two" }, { jti }))).kid, "two");
    for (const kid of ["one", "two", "three", ""])
      assert.equal((await key(byHash(third, { alg: "HS256", kid }, { jti }))).kid, null);
    assert.equal((await key(byHash(third, { alg: "HS256" }, { jti }))).kid, null);
  }
  for (const [secret, header] of [
    // A secret with a kid goes with no other kid, and with no token that names none.
    [first, { alg: "HS256", kid: "two" }],
    [first, { alg: "HS256", kid: "One" }],
    [first, { alg: "HS256" }],
    // Nor with an algorithm that is not its own.
    [second, { alg: "HS256", kid: "two" }],
  ] as const)
    await refused(key(byHash(secret, header)), "signature.invalid", JSON.stringify(header));
  for (const [secret, header] of [
    [first, { alg: "HS512", kid: "one" }],
    [second, { alg: "HS512", kid: "three" }],
    [second, { alg: "HS512" }],
  ] as const)
    await refused(key(byHash(secret, header)), "key.unknown", JSON.stringify(header));
  await refused(key(byHash(first, { alg: "HS384", kid: "one" })), "alg.not_allowed");
  assert.equal(endpoint.fetches, 0);
});

edge("edge_D149_confuses_no_secret_with_a_key_where_an_issuer_has_both", async () => {
  const [ec, rsa] = [await keyPair(), await keyPair("RS256", "r1")];
  const issuer: Partial<IssuerOptions> = {
    algorithms: ["ES256", "RS256", "HS256", "HS384"],
    secrets: [
      { secret: first, algorithm: "HS256", kid: "s1" },
      { secret: second, algorithm: "HS384" },
    ],
  };
  const { verifier, endpoint } = await bench({ issuer, keys: [ec.jwk, rsa.jwk] });
  // What belongs together is let in, in any order, again and again.
  for (const jti of ["1", "2", "1", "2"]) {
    const given: [string, string, Verified["key"]["kid"]][] = [
      [await sign(claims({ jti })), "ES256", "k1"],
      [await sign(claims({ jti }), {}, rsa), "RS256", "r1"],
      [await byHash(first, { alg: "HS256", kid: "s1" }, { jti }), "HS256", "s1"],
      [await byHash(second, { alg: "HS384" }, { jti }), "HS384", null],
    ];
    for (const [token, alg, kid] of given) {
      const { key } = await verifier.verify(token);
      assert.deepEqual([key.alg, key.kid], [alg, kid]);
    }
  }
  assert.equal(endpoint.fetches, 1, "secrets are not looked for there");
  // A public key, in whatever form, is no secret.
  const der = async ({ publicKey }: typeof ec) =>
    new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
  const forms: Uint8Array[] = [];
  for (const pair of [ec, rsa]) {
    const pem = await exportSPKI(pair.publicKey);
    forms.push(await der(pair), text(pem), text(pem.trim()), text(`${pem}\n`));
    forms.push(text(JSON.stringify(pair.jwk)), text(JSON.stringify({ keys: [pair.jwk] })));
    for (const member of ["x", "y", "n", "e"] as const)
      if (pair.jwk[member] !== undefined)
        forms.push(bytesOf(pair.jwk[member]), text(pair.jwk[member]));
  }
  for (const alg of ["HS256", "HS384", "HS512"])
    for (const kid of ["k1", "r1", "s1", undefined])
      for (const form of forms) {
        const token = await byHash(form, kid === undefined ? { alg } : { alg, kid });
        const codes = ["signature.invalid", "key.unknown", "alg.not_allowed"];
        const refusal = await verifier.verify(token).then(
          () => "let in",
          ({ code }: { code: string }) => code,
        );
        assert.ok(codes.includes(refusal), `${alg} ${kid}: ${refusal}`);
      }
  // A secret is no key, and `alg` can't be changed: what was signed is the header too.
  const changed = async (token: Promise<string>, header: Record<string, string>) => {
    const [, payload, signature] = (await token).split(".");
    return `${base64url(JSON.stringify(header))}.${payload}.${signature}`;
  };
  const mac = byHash(first, { alg: "HS256", kid: "s1" });
  for (const kid of ["k1", "r1", "s1"]) {
    for (const alg of ["ES256", "RS256", "HS384", "none", "HS256"])
      if (alg !== "HS256" || kid !== "s1")
        await refusedAny(verifier.verify(await changed(mac, { alg, kid })));
    for (const alg of ["HS256", "HS384", "RS256"])
      await refusedAny(verifier.verify(await changed(sign(), { alg, kid })));
  }
  // A kid of the other kind finds nothing.
  await refused(
    verifier.verify(await byHash(first, { alg: "HS256", kid: "k1" })),
    "key.unknown",
    "a secret under the kid of a key",
  );
  await refused(
    verifier.verify(await sign(claims(), { kid: "s1" })),
    "key.unknown",
    "a key under the kid of a secret",
  );
  // Nor is a secret found in a key set, whoever wrote it there.
  const k = base64url(third);
  const leaked = { kty: "oct", k, kid: "k3", alg: "HS256" };
  for (const jwks of [{ jwks: { keys: [ec.jwk, leaked] }, jwksUri: undefined }, {}]) {
    const other = await bench({ issuer: { ...issuer, ...jwks } as never, keys: [ec.jwk, leaked] });
    await refused(
      other.verifier.verify(await byHash(third, { alg: "HS256", kid: "k3" })),
      "key.unknown",
    );
    await other.verifier.verify(await sign());
  }
  // A set that is given is judged as one that is published: a private key in it is a leak.
  const { d } = await exportJWK(ec.privateKey);
  const given = { jwks: { keys: [{ ...ec.jwk, d }] }, jwksUri: undefined };
  const { verifier: leaking } = await bench({ issuer: { ...issuer, ...given } as never });
  await refused(leaking.verify(await sign()), "key.unknown");
});

async function refusedAny(promise: Promise<unknown>): Promise<void> {
  const code = await promise.then(
    () => "let in",
    ({ code }: { code: string }) => code,
  );
  assert.match(code, /^(signature\.invalid|key\.unknown|alg\.not_allowed)$/);
}

edge("edge_D150_takes_no_secret_that_can_not_be_one", async () => {
  const { publicKey, jwk } = await keyPair("RS256", "r1");
  const ec = await keyPair();
  const ed = await keyPair("EdDSA", "e1");
  const spki = async (key: CryptoKey) =>
    new Uint8Array(await crypto.subtle.exportKey("spki", key as never));
  const pem = await exportSPKI(publicKey);
  const rsaOnly = (await spki(publicKey as never)).slice(24);
  const both = { algorithms: ["HS256", "ES256"], jwksUri: `${ISSUER}/k` };
  const hash = { algorithms: ["HS256"], jwksUri: undefined };
  const entry = { secret: first, algorithm: "HS256" };
  for (const secret of [
    text(pem),
    text(`\n${pem}`),
    text(JSON.stringify(jwk)),
    text(` ${JSON.stringify({ keys: [ec.jwk] })}`),
    await spki(publicKey as never),
    await spki(ec.publicKey as never),
    await spki(ed.publicKey as never),
    rsaOnly,
    new Uint8Array(31),
    new Uint8Array(5_000),
    "x".repeat(64),
    [...first],
    null,
  ]) {
    misconfigured(() => make({ ...hash, secret }), String(secret));
    misconfigured(() => make({ ...both, secrets: [{ ...entry, secret }] }), String(secret));
  }
  // What only begins like a key is none.
  for (const secret of [
    Uint8Array.of(0x30, 0x3e, 0x30, 0x0d, 0x07, ...first.slice(5)),
    Uint8Array.of(0x30, 0x3e, ...first.slice(2)),
    text('{"my":"secret","of":"thirty-two bytes"}'),
  ])
    make({ ...hash, secret });
  for (const [options, note] of [
    [{ ...hash, secrets: [] }, "no secret"],
    [{ ...hash, secrets: [{ ...entry, algorithm: "HS384" }] }, "an algorithm not in the list"],
    [{ ...hash, secrets: [{ ...entry, algorithm: "ES256" }] }, "an algorithm of keys"],
    [{ ...hash, secrets: [{ secret: first }] }, "no algorithm"],
    [{ ...hash, secrets: [{ ...entry, kid: "" }] }, "an empty kid"],
    [{ ...hash, secrets: [{ ...entry, kid: 1 }] }, "a kid that is a number"],
    [{ ...hash, secrets: [{ ...entry, key: first }] }, "a misspelt member"],
    [{ ...hash, secrets: [undefined] }, "a hole"],
    [{ ...hash, secrets: entry }, "no list"],
    [{ ...hash, secrets: ["a", "a"].map((kid) => ({ ...entry, kid })) }, "one kid twice"],
    [{ ...hash, secrets: [entry, entry, entry, entry] }, "more without a kid than are tried"],
    [{ ...hash, algorithms: ["HS256", "HS512"], secrets: [entry] }, "nothing for HS512"],
    [{ ...both, algorithms: ["ES256"], secret: first }, "a secret for nothing"],
    [{ ...both, algorithms: ["ES256"], secrets: [entry] }, "secrets for nothing"],
    [{ ...both, algorithms: ["HS256"], secret: first }, "a key set for nothing"],
    [{ ...both, jwksUri: undefined, secret: first }, "no key set for ES256"],
    [both, "no secret for HS256"],
  ] as const)
    misconfigured(() => make(options), note);
  make({ ...both, secret: first });
  make({ ...both, secrets: [entry, { ...entry, kid: "b" }] });
});

edge("edge_D217_takes_no_key_in_base64_and_no_short_certificate_for_a_secret", async () => {
  const hash = { algorithms: ["HS256"], jwksUri: undefined };
  const { publicKey, jwk } = await keyPair("RS256", "r1");
  const pem = await exportSPKI(publicKey);
  const bodyOf = (armoured: string) => armoured.replace(/-----[A-Z ]+-----/g, "");
  const forms: (string | Uint8Array)[] = [
    // As Keycloak shows the key of a realm: the text of PEM without its first and last line.
    bodyOf(pem).replace(/\s/g, ""),
    bodyOf(pem),
    // As environments carry PEM and JSON.
    btoa(pem),
    base64url(pem),
    base64url(JSON.stringify(jwk)),
    `\ufeff${JSON.stringify(jwk)}`,
    JSON.stringify([jwk]),
    `ssh-rsa ${btoa("\0\0\0\x07ssh-rsa")}${"A".repeat(64)} somebody@example.com`,
  ];
  for (const { publicKey } of [await keyPair(), await keyPair("EdDSA", "e1")])
    forms.push(
      base64url(new Uint8Array(await crypto.subtle.exportKey("spki", publicKey as never))),
    );
  // What is signed of these takes less than 256 bytes.
  for (const certificate of [ED25519, P_521_VERSION_1]) forms.push(bytesOf(bodyOf(certificate)));
  for (const form of forms) {
    const secret = typeof form === "string" ? text(form) : form;
    misconfigured(() => make({ ...hash, secret }), String(form));
    const secrets = [{ secret, algorithm: "HS256" }];
    misconfigured(() => make({ ...hash, secrets }), String(form));
  }
  // Random bytes in base64 are a secret like any other.
  for (const secret of SECRETS) {
    make({ ...hash, secret: text(base64url(secret)) });
    make({ ...hash, secret: text(btoa(String.fromCharCode(...secret))) });
  }
});
