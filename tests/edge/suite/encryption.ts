// Encrypted access tokens: what is inside is a signed token like any other, and whatever fails
// before that is one refusal.

import assert from "node:assert/strict";
import { CompactEncrypt, exportJWK, generateKeyPair } from "jose";
import { createVerifier, memoryRevocation, type VerifierOptions } from "tokenkeep/edge";
import {
  type DecryptionKey,
  type DecryptionOptions,
  decryptCompact,
  decryption,
  type Jwk,
  publicKeys,
} from "tokenkeep/jwe";
import { ALL, CONTENT_ENCRYPTION, KEY_MANAGEMENT } from "./jwe-algorithms.ts";
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

const CURVES = ["P-256", "P-384", "P-521", "X25519"];

interface Recipient {
  readonly jwk: Jwk;
  /** What the sender encrypts with. */
  readonly sender: Parameters<CompactEncrypt["encrypt"]>[0];
  /** For the options. A secret belongs to an issuer. */
  readonly key: DecryptionKey;
}

const made = new Map<string, Promise<Recipient>>();

/** A recipient's key; the same for the same names, for making one is slow. */
function recipient(alg: string, kind: string = "P-256", kid: string = "e1"): Promise<Recipient> {
  const name = [alg, kind, kid].join();
  const found = made.get(name) ?? makeRecipient(alg, kind, kid);
  made.set(name, found);
  return found;
}

async function makeRecipient(alg: string, crv: string, kid: string): Promise<Recipient> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { crv, extractable: true });
  const jwk: Jwk = { ...(await exportJWK(privateKey)), kid };
  return { jwk, sender: publicKey, key: { key: jwk } };
}

function secretOf(bytes: number, kid = "e1"): Recipient {
  const secret = crypto.getRandomValues(new Uint8Array(bytes));
  const jwk: Jwk = { kty: "oct", k: base64url(secret), kid };
  return { jwk, sender: secret, key: { key: jwk, issuer: ISSUER } };
}

const bytesFor = (alg: string, enc: string) =>
  alg === "dir"
    ? { A128GCM: 16, A256GCM: 32, "A128CBC-HS256": 32, "A256CBC-HS512": 64 }[enc]
    : { A128KW: 16, A256KW: 32 }[alg];

async function recipientFor(alg: string, enc: string, crv?: string): Promise<Recipient> {
  const bytes = bytesFor(alg, enc);
  return bytes === undefined ? recipient(alg, crv) : secretOf(bytes);
}

type Header = Record<string, unknown>;

/** A token as jose encrypts it; a header member that is undefined is left out. */
async function encrypt(
  inside: string | Uint8Array,
  { sender }: Recipient,
  header: Header = {},
): Promise<string> {
  const plaintext = typeof inside === "string" ? new TextEncoder().encode(inside) : inside;
  const all = { alg: "A256KW", enc: "A256GCM", cty: "JWT", kid: "e1", ...header };
  return new CompactEncrypt(plaintext)
    .setProtectedHeader(JSON.parse(JSON.stringify(all)) as { alg: string; enc: string })
    .encrypt(sender);
}

/** A verifier of encrypted tokens. */
function benchFor(
  keys: readonly Recipient[],
  more: Parameters<typeof bench>[0] = {},
  options: Partial<DecryptionOptions> = {},
) {
  const encryption = decryption({ keys: keys.map(({ key }) => key), ...ALL, ...options });
  return bench({ encryption, ...more });
}

/** With one part of the token changed. */
function withPart(token: string, place: number, change: (part: string) => string): string {
  return token
    .split(".")
    .map((part, at) => (at === place ? change(part) : part))
    .join(".");
}

/** The same bytes with one bit changed. */
function flipped(part: string, bit = 0): string {
  const bytes = bytesOf(part);
  const at = Math.min(bit >> 3, bytes.length - 1);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7));
  return base64url(bytes);
}

const combinations = KEY_MANAGEMENT.flatMap((alg) =>
  CONTENT_ENCRYPTION.flatMap((enc) =>
    (alg.startsWith("ECDH") ? CURVES : [undefined]).map((crv) => ({ alg, enc, crv })),
  ),
);

edge("edge_X1_every_algorithm_with_every_curve_and_content_encryption", async () => {
  const token = await sign();
  for (const { alg, enc, crv } of combinations) {
    const note = `${alg} ${enc} ${crv}`;
    const key = await recipientFor(alg, enc, crv);
    const { verifier } = await benchFor(
      [key],
      {},
      { keyManagement: [alg], contentEncryption: [enc] },
    );
    const {
      claims: found,
      header,
      cached,
    } = await verifier.verify(await encrypt(token, key, { alg, enc }));
    assert.deepEqual([found.sub, header.alg, cached], ["alice", "ES256", false], note);
  }
});

edge("edge_X1_keys_of_the_platform_open_tokens", async () => {
  const token = await sign();
  const { subtle } = crypto;
  const secret = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));
  for (const alg of ["RSA-OAEP", "RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW"] as const) {
    const pair = await generateKeyPair(alg);
    const key = { key: { key: pair.privateKey, kid: "e1" }, sender: pair.publicKey } as never;
    const { verifier } = await benchFor([key], {}, { keyManagement: [alg] });
    await verifier.verify(await encrypt(token, key, { alg }));
  }
  for (const [alg, name, usage] of [
    ["A256KW", "AES-KW", "unwrapKey"],
    ["dir", "AES-GCM", "decrypt"],
  ] as const) {
    const sender = secret(32);
    const key = await subtle.importKey("raw", sender, name, false, [usage]);
    const own = { key: { key, kid: "e1", issuer: ISSUER }, sender } as never;
    const { verifier } = await benchFor([own], {}, { keyManagement: [alg] });
    await verifier.verify(await encrypt(token, own, { alg }));
  }
});

edge("edge_X6_one_bit_changed_anywhere_is_one_answer_byte_for_byte", async () => {
  const token = await sign();
  const answers = new Set<string>();
  const wrongKeys = [];
  for (const alg of ["dir", "A256KW", "RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW"])
    for (const enc of ["A256GCM", "A128CBC-HS256"]) {
      const key = await recipientFor(alg, enc);
      const { verifier } = await benchFor([key]);
      const guarded = verifier.guard(() => new Response("in"));
      const answerTo = async (bearer: string, note: string) => {
        await refused(verifier.verify(bearer), "token.undecryptable", note);
        const headers = { Authorization: `Bearer ${bearer}` };
        const request = new Request("https://api.example/", { headers });
        const answer = await guarded(request, {}, { waitUntil: () => undefined });
        const all = [answer.status, ...answer.headers, await answer.text()];
        answers.add(JSON.stringify(all));
      };
      const good = await encrypt(token, key, { alg, enc });
      const has = (place: number) => good.split(".")[place] !== "";
      for (const place of [1, 2, 3, 4].filter(has))
        for (const bit of [0, 63, 1_000_000])
          await answerTo(
            withPart(good, place, (part) => flipped(part, bit)),
            `${alg} ${enc} ${place} ${bit}`,
          );
      // Another header that is as good, a key that nobody has, another key, no JWT, no signature.
      const other = new TextEncoder().encode(
        JSON.stringify({ alg, enc, cty: "jwt", kid: "e1", ...headerOf(good, "epk") }),
      );
      await answerTo(
        withPart(good, 0, () => base64url(other)),
        `${alg} ${enc} header`,
      );
      await answerTo(await encrypt(token, key, { alg, enc, kid: "e2" }), `${alg} ${enc} kid`);
      const stranger =
        alg === "dir" || alg === "A256KW" ? secretOf(32) : await makeRecipient(alg, "P-256", "e1");
      await answerTo(await encrypt(token, stranger, { alg, enc }), `${alg} ${enc} key`);
      wrongKeys.push(stranger);
      for (const inside of ["hello", "", "a.b.c", "{}", good, `\u{feff}${token}`])
        if (inside !== "")
          await answerTo(await encrypt(inside, key, { alg, enc }), `${alg} ${enc} ${inside}`);
    }
  assert.equal(wrongKeys.length, 10);
  assert.deepEqual([...answers], [...answers].slice(0, 1));
  assert.match([...answers][0] ?? "", /^\[401,.*invalid_token/);
});

function headerOf(token: string, name: string): Header {
  const header = JSON.parse(new TextDecoder().decode(bytesOf(token.split(".")[0] ?? ""))) as Header;
  return name in header ? { [name]: header[name] } : {};
}

edge("edge_X7_only_a_signed_token_counts_and_the_header_says_that_one_is_inside", async () => {
  const key = secretOf(32);
  const { verifier } = await benchFor([key]);
  const token = await sign();
  for (const cty of ["JWT", "at+jwt", "application/jwt"])
    await verifier.verify(await encrypt(token, key, { cty }));
  for (const cty of [undefined, "json", ""])
    await refused(verifier.verify(await encrypt(token, key, { cty })), "header.cty", cty);
  await refused(verifier.verify(await encrypt(token, key, { typ: "logout+jwt" })), "header.typ");
  const bare = JSON.stringify(claims());
  await refused(verifier.verify(await encrypt(bare, key)), "token.undecryptable", "claims");
  const unsigned = `${base64url('{"alg":"none"}')}.${base64url(bare)}.`;
  await refused(verifier.verify(await encrypt(unsigned, key)), "token.undecryptable", "none");
  const twice = await encrypt(await encrypt(token, key), key);
  await refused(verifier.verify(twice), "token.undecryptable", "two layers");
  const late = await sign(claims({ exp: 1_700_000_000 }));
  await refused(verifier.verify(await encrypt(late, key)), "token.expired");
  const forged = `${token.slice(0, -8)}AAAAAAAA`;
  await refused(verifier.verify(await encrypt(forged, key)), "signature.invalid");
});

edge("edge_X8_what_changes_the_meaning_is_refused_before_any_key_is_looked_for", async () => {
  const key = secretOf(32);
  const { verifier } = await benchFor([key]);
  const good = await encrypt(await sign(), key);
  const withHeader = (header: Header) =>
    withPart(good, 0, () =>
      base64url(JSON.stringify({ alg: "A256KW", enc: "A256GCM", cty: "JWT", ...header })),
    );
  for (const [header, code] of [
    [{ crit: ["exp"] }, "header.crit"],
    [{ zip: "DEF" }, "header.zip"],
    [{ b64: false }, "header.b64"],
    [{ p2c: 1_000_000_000, p2s: "AAAA" }, "header.p2c"],
    [{ alg: "PBES2-HS256+A128KW", p2c: 1_000_000_000, p2s: "AAAA" }, "alg.not_allowed"],
    [{ alg: "RSA1_5" }, "alg.not_allowed"],
    [{ enc: "A192GCM" }, "alg.not_allowed"],
    [{ alg: "none" }, "alg.not_allowed"],
    [{ kid: 7 }, "token.malformed"],
  ] as const)
    await refused(verifier.verify(withHeader(header)), code, JSON.stringify(header));
  // An attacker's own key, which nobody looks at.
  const { jwk } = secretOf(32);
  await refused(
    verifier.verify(withHeader({ jwk, jku: "https://evil.example" })),
    "token.undecryptable",
  );
});

edge("edge_X9_the_senders_key_is_public_whole_and_on_its_curve", async () => {
  const key = await recipient("ECDH-ES");
  const { verifier } = await benchFor([key]);
  const good = await encrypt(await sign(), key, { alg: "ECDH-ES" });
  const { epk } = headerOf(good, "epk") as { epk: Jwk };
  const sendWith = (changed: unknown) =>
    verifier.verify(
      withPart(good, 0, () =>
        base64url(
          JSON.stringify({ alg: "ECDH-ES", enc: "A256GCM", cty: "JWT", kid: "e1", epk: changed }),
        ),
      ),
    );
  const zeros = base64url(new Uint8Array(32));
  for (const [changed, code] of [
    [{ ...epk, d: zeros }, "header.epk"],
    [{ ...epk, crv: "P-384" }, "header.epk"],
    [{ ...epk, x: `${epk.x}AA` }, "header.epk"],
    [{ ...epk, y: undefined }, "header.epk"],
    [undefined, "header.epk"],
    [{ ...epk, y: flipped(epk.y ?? "") }, "token.undecryptable"],
    [{ ...epk, x: zeros, y: zeros }, "token.undecryptable"],
    [{ kty: "OKP", crv: "X25519", x: zeros }, "token.undecryptable"],
  ] as const)
    await refused(sendWith(changed), code, JSON.stringify(changed));
  const own = await recipient("ECDH-ES", "X25519");
  const { verifier: x25519 } = await benchFor([own]);
  // The points of small order of RFC 7748 section 6.1: the shared secret would be zero.
  for (const x of [zeros, base64url(Uint8Array.of(1, ...new Uint8Array(31)))]) {
    const header = {
      alg: "ECDH-ES",
      enc: "A256GCM",
      cty: "JWT",
      epk: { kty: "OKP", crv: "X25519", x },
    };
    const changed = withPart(good, 0, () => base64url(JSON.stringify(header)));
    await refused(x25519.verify(changed), "token.undecryptable", x);
  }
});

edge("edge_X340_what_is_no_text_is_no_algorithm_and_no_member_of_a_key", async () => {
  const { jwk: key } = secretOf(32);
  const usual = { keys: [{ key, issuer: ISSUER }], keyManagement: ["A256KW"] };
  decryption(usual as DecryptionOptions);
  for (const more of [
    { keyManagement: [undefined] },
    { keyManagement: ["A256KW", undefined] },
    { contentEncryption: [undefined] },
    ...[7, "x", Symbol("k"), [], {}].map((k) => ({
      keys: [{ key: { ...key, k }, issuer: ISSUER }],
    })),
    { keys: [{ key: { ...key, kty: Symbol("oct") }, issuer: ISSUER }] },
  ])
    misconfigured(() => decryption({ ...usual, ...more } as unknown as DecryptionOptions));
  await undefined;
});

edge("edge_X10_a_key_that_is_none_or_goes_with_nothing_is_config_invalid", async () => {
  const [rsa, ec] = [await recipient("RSA-OAEP-256"), await recipient("ECDH-ES")];
  const short = await crypto.subtle
    .generateKey(
      {
        name: "RSA-OAEP",
        modulusLength: 1_024,
        publicExponent: Uint8Array.of(1, 0, 1),
        hash: "SHA-256",
      },
      true,
      ["encrypt", "decrypt"],
    )
    .catch(() => null);
  const { jwk: oct } = secretOf(32);
  const publicHalf = ({ kty, crv, x, y }: Jwk) => ({ kty, crv, x, y }) as Jwk;
  const odd: readonly (readonly [DecryptionKey | unknown, Partial<DecryptionOptions>?])[] = [
    [{ key: { ...ec.jwk, use: "sig" } }],
    [{ key: { ...ec.jwk, key_ops: ["sign"] } }],
    [{ key: { ...ec.jwk, alg: "A256GCMKW" } }],
    [{ key: { ...ec.jwk, alg: "ES256" } }],
    [{ key: { ...ec.jwk, alg: "ECDH-ES" } }, { keyManagement: ["ECDH-ES+A256KW"] }],
    [{ key: ec.jwk, alg: "RSA-OAEP" }],
    [{ key: publicHalf(ec.jwk) }],
    [{ key: { ...ec.jwk, crv: "secp256k1" } }],
    [{ key: { ...rsa.jwk, d: undefined } }],
    [{ key: { ...rsa.jwk, n: (rsa.jwk.n ?? "").slice(0, 171) } }],
    [{ key: oct }],
    [{ key: { kty: "oct", k: base64url(new Uint8Array(31)) }, issuer: ISSUER }],
    [{ key: oct, issuer: ISSUER }, { keyManagement: ["A128KW"] }],
    [{ key: { ...oct, alg: "A128GCM" }, issuer: ISSUER, alg: "dir" }],
    [{ key: (await generateKeyPair("ES256")).privateKey }],
    [{ key: (await generateKeyPair("RSA-OAEP")).publicKey }],
    [{ key: ec.jwk, kid: 7 }],
    [{ key: ec.jwk, issuer: "" }],
    [{ key: ec.jwk, more: true }],
    [{ key: "secret" }],
    [{ key: null }],
    [{}],
    [null],
  ];
  const misconfiguredBy = (key: unknown, more: Partial<DecryptionOptions> = {}) =>
    misconfigured(
      () => decryption({ keys: [key as DecryptionKey], ...ALL, ...more }),
      JSON.stringify(key),
    );
  for (const [key, more] of odd) misconfiguredBy(key, more);
  if (short !== null) misconfiguredBy({ key: short.privateKey });
  const key = ec.key;
  for (const options of [
    { keys: [], ...ALL },
    { keys: [key, key], ...ALL },
    { keys: [key, { ...rsa.key, kid: "e1" }], ...ALL },
    { keys: [key], keyManagement: [] },
    { keys: [key], keyManagement: ["RSA1_5"] },
    { keys: [key], keyManagement: ["ECDH-ES"], contentEncryption: [] },
    { keys: [key], keyManagement: ["ECDH-ES"], contentEncryption: ["A192GCM"] },
    { keys: [key], ...ALL, zip: true },
    { ...ALL },
    null,
  ])
    misconfigured(() => decryption(options as never), JSON.stringify(options));
  misconfigured(() => verifierWith({ encryption: {} as never }));
  misconfigured(() => verifierWith({ encryption: null as never }));
  // What only the platform sees comes with the first token for it.
  const offCurve = { ...ec, key: { key: { ...ec.jwk, y: flipped(ec.jwk.y ?? "") } } };
  const { verifier } = await benchFor([offCurve]);
  const token = await encrypt(await sign(), ec, { alg: "ECDH-ES" });
  const error = await refused(verifier.verify(token), "config_invalid");
  assert.equal(error.status, 500);
});

function verifierWith(
  more: Partial<VerifierOptions>,
  encrypted?: "allowed" | "required" | "refused",
) {
  return createVerifier({
    issuers: {
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ["ES256"],
      jwksUri: `${ISSUER}/jwks`,
      ...(encrypted && { encrypted }),
    },
    ...more,
  });
}

edge("edge_X11_what_the_header_repeats_of_the_claims_is_the_same", async () => {
  const key = secretOf(32);
  const { verifier, events } = await benchFor([key]);
  const token = await sign();
  const send = async (header: Header) => verifier.verify(await encrypt(token, key, header));
  await send({ iss: ISSUER, sub: "alice", aud: AUDIENCE });
  for (const [header, code] of [
    [{ iss: `${ISSUER}/` }, "header.iss"],
    [{ sub: "bob" }, "header.sub"],
    [{ aud: [AUDIENCE] }, "header.aud"],
    [{ aud: "https://other.example" }, "header.aud"],
    [{ sub: null }, "header.sub"],
  ] as const) {
    await refused(send(header), code, JSON.stringify(header));
    assert.deepEqual(events.at(-1), {
      type: "refused",
      code,
      category: "token",
      issuer: ISSUER,
      tenant: null,
    });
  }
});

edge("edge_X12_the_key_of_an_issuer_opens_no_token_of_another", async () => {
  const [mine, theirs] = [secretOf(32, "mine"), secretOf(32, "theirs")];
  const other = "https://other.example";
  const { jwk } = await keyPair();
  const issuers = [ISSUER, other].map((issuer) => ({
    issuer,
    audience: AUDIENCE,
    algorithms: ["ES256"] as const,
    jwks: { keys: [jwk] },
  }));
  const verifier = createVerifier({
    issuers,
    clock: () => 1_800_000_000_000,
    encryption: decryption({
      keys: [mine.key, { ...theirs.key, issuer: other }],
      keyManagement: ["A256KW"],
    }),
  });
  const [token, foreign] = [await sign(), await sign(claims({ iss: other }))];
  assert.equal((await verifier.verify(await encrypt(token, mine, { kid: "mine" }))).issuer, ISSUER);
  assert.equal(
    (await verifier.verify(await encrypt(foreign, theirs, { kid: "theirs" }))).issuer,
    other,
  );
  for (const [inside, by, kid] of [
    [foreign, mine, "mine"],
    [token, theirs, "theirs"],
  ] as const) {
    const sent = await encrypt(inside, by, { kid });
    await refused(verifier.verify(sent), "token.undecryptable");
    await refused(verifier.verify(sent), "token.undecryptable", "nor is it remembered");
  }
});

edge("edge_X13_an_issuer_may_require_encryption_or_refuse_it", async () => {
  const key = secretOf(32);
  const token = await sign();
  const encrypted = await encrypt(token, key);
  for (const [setting, plain, sealed] of [
    [undefined, null, null],
    ["allowed", null, null],
    ["required", "token.not_encrypted", null],
    ["refused", null, "token.encrypted_unsupported"],
  ] as const) {
    const { verifier } = await benchFor([key], {
      issuer: setting === undefined ? {} : { encrypted: setting },
    });
    // Each twice, and one after the other: nothing that is remembered lets the other in.
    for (const [sent, code] of [
      [token, plain],
      [encrypted, sealed],
      [token, plain],
      [encrypted, sealed],
    ] as const) {
      if (code === null) assert.equal((await verifier.verify(sent)).claims.sub, "alice", setting);
      else await refused(verifier.verify(sent), code, setting);
    }
  }
  const { verifier } = await bench();
  await refused(verifier.verify(encrypted), "token.encrypted_unsupported", "without the option");
  misconfigured(() => verifierWith({}, "required"));
  misconfigured(() => verifierWith({}, "allowed"));
  misconfigured(() => verifierWith({}, "sometimes" as never));
  verifierWith({}, "refused");
});

edge("edge_X13_with_a_resolver_nothing_inside_is_remembered_as_if_it_had_come_alone", async () => {
  const key = secretOf(32);
  const { jwk } = await keyPair();
  const verifier = createVerifier({
    issuers: () => ({
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ["ES256"],
      jwks: { keys: [jwk] },
      encrypted: "required",
    }),
    clock: () => 1_800_000_000_000,
    encryption: decryption({ keys: [key.key], keyManagement: ["A256KW"] }),
  });
  const token = await sign();
  const encrypted = await encrypt(token, key);
  for (const cached of [false, true]) {
    assert.equal((await verifier.verify(encrypted)).cached, cached);
    await refused(verifier.verify(token), "token.not_encrypted");
  }
});

edge("edge_X14_a_second_sight_decrypts_nothing_and_ends_as_for_any_token", async () => {
  const key = secretOf(32);
  const inner = decryption({ keys: [key.key], keyManagement: ["A256KW"] }) as unknown as {
    decrypt(...given: unknown[]): Promise<unknown>;
  };
  let decrypted = 0;
  const encryption = {
    ...inner,
    decrypt(...given: unknown[]) {
      decrypted += 1;
      return inner.decrypt(...given);
    },
  } as never;
  const revocation = memoryRevocation({ clock: () => 1_800_000_000_000 });
  const { verifier, clock, endpoint } = await bench({ encryption, revocation });
  const { verifier: other, clock: later } = await bench({ encryption: inner as never });
  const seal = async (jti: string, exp: number) =>
    encrypt(await sign(claims({ jti, exp })), key, { kid: "e1" });
  const [one, two] = [await seal("one", 1_800_000_900), await seal("two", 1_800_000_900)];
  const first = await verifier.verify(one);
  const again = await verifier.verify(one);
  assert.deepEqual([first.cached, again.cached, decrypted], [false, true, 1]);
  assert.deepEqual(again.claims, first.claims);
  assert.deepEqual(again.header, first.header);
  assert.equal(again.claims.jti, "one");
  assert.equal((await verifier.verify(two)).claims.jti, "two");
  assert.equal(decrypted, 2);
  await revocation.revokeToken(ISSUER, "two", 1_800_000_900);
  await refused(verifier.verify(two), "token.revoked");
  assert.equal(decrypted, 2, "a hit");
  // The key set is replaced: the signature inside is looked at again.
  endpoint.keys = [(await keyPair("ES256", "k2")).jwk];
  clock.forward(700);
  await refused(verifier.verify(one), "key.unknown");
  assert.equal(decrypted, 3);
  for (const cached of [false, true]) assert.equal((await other.verify(one)).cached, cached);
  later.forward(900);
  await refused(other.verify(one), "token.expired");
});

edge("edge_X15_a_fifth_key_is_not_tried", async () => {
  const keys = await Promise.all(
    [1, 2, 3, 4, 5].map(async () => {
      const { sender, jwk } = await makeRecipient("ECDH-ES+A256KW", "P-256", "");
      const { kid, ...nameless } = jwk;
      return { sender, jwk: nameless, key: { key: nameless } } as Recipient;
    }),
  );
  const { verifier } = await benchFor(keys);
  const token = await sign();
  const header = { alg: "ECDH-ES+A256KW", kid: undefined };
  for (const [place, key] of keys.entries()) {
    const sent = verifier.verify(await encrypt(token, key, header));
    if (place < 4) assert.equal((await sent).claims.sub, "alice");
    else await refused(sent, "token.undecryptable");
  }
});

edge("edge_X16_keys_show_nowhere", async () => {
  const [ec, rsa, oct] = [await recipient("ECDH-ES"), await recipient("RSA-OAEP"), secretOf(32)];
  const keys: DecryptionKey[] = [
    { key: ec.jwk, kid: "ec", alg: "ECDH-ES" },
    { key: rsa.jwk, kid: "rsa" },
    { ...oct.key, kid: "oct" },
  ];
  const made = decryption({ keys, ...ALL });
  assert.equal(JSON.stringify(made), '{"kind":"decryption"}');
  const { x, y } = ec.jwk;
  const { n, e } = rsa.jwk;
  assert.deepEqual(await publicKeys(keys), {
    keys: [
      { kty: "EC", crv: "P-256", x, y, use: "enc", alg: "ECDH-ES", kid: "ec" },
      { kty: "RSA", n, e, use: "enc", kid: "rsa" },
    ],
  });
  const pair = await generateKeyPair("RSA-OAEP-256", { extractable: true });
  const [published] = (await publicKeys([{ key: pair.privateKey, kid: "p" }])).keys;
  const { n: modulus } = await exportJWK(pair.publicKey);
  assert.deepEqual(published, {
    kty: "RSA",
    n: modulus,
    e: "AQAB",
    use: "enc",
    alg: "RSA-OAEP-256",
    kid: "p",
  });
  const { privateKey } = await generateKeyPair("ECDH-ES");
  await refused(publicKeys([{ key: privateKey }]), "config_invalid");
  const secrets = [ec.jwk.d, rsa.jwk.d, rsa.jwk.p, oct.jwk.k].map(String);
  const messages: string[] = [];
  for (const key of [
    { key: { ...ec.jwk, use: "sig" } },
    { key: { ...rsa.jwk, alg: "RS256" } },
    { key: oct.jwk },
  ])
    try {
      decryption({ keys: [key], ...ALL });
    } catch (error) {
      messages.push(String(error), JSON.stringify(error));
    }
  assert.equal(messages.length, 6);
  for (const secret of secrets) assert.ok(messages.every((text) => !text.includes(secret)));
});

edge("edge_X17_two_hundred_tokens_at_once_do_not_mix", async () => {
  const keys = [
    secretOf(32, "a"),
    await recipient("ECDH-ES", "X25519", "b"),
    await recipient("RSA-OAEP", "P-256", "c"),
  ];
  const [, second = "", third = ""] = ["A256KW", "ECDH-ES", "RSA-OAEP"];
  const { verifier } = await benchFor(keys);
  const tokens = await Promise.all(
    Array.from({ length: 200 }, async (_, place) => {
      const key = keys[place % 3] as Recipient;
      const alg = ["A256KW", second, third][place % 3];
      const inside = await sign(claims({ sub: `user ${place}`, jti: `t${place}` }));
      const token = await encrypt(inside, key, { alg, kid: key.jwk.kid });
      return place % 10 === 7 ? withPart(token, 3, (part) => flipped(part)) : token;
    }),
  );
  const outcomes = await Promise.all(
    tokens.map((token) =>
      verifier.verify(token).then(
        ({ claims: found }) => found.sub,
        (error: { code: string }) => error.code,
      ),
    ),
  );
  const expected = (_: unknown, place: number) =>
    place % 10 === 7 ? "token.undecryptable" : `user ${place}`;
  assert.deepEqual(outcomes, Array.from({ length: 200 }, expected));
});

edge("edge_X307_explains_what_came_of_the_decryption", async () => {
  const key = secretOf(32);
  const { verifier } = await benchFor([key]);
  const explained = async (token: string) =>
    (await verifier.explain(token)).map(({ check, ok, detail = ok }) => `${check}: ${detail}`);
  const token = await sign();
  const good = await explained(await encrypt(token, key, { sub: "alice" }));
  assert.deepEqual(good.slice(0, 3), [
    "decryption: true",
    "shape and header: true",
    "issuer is known: true",
  ]);
  assert.ok(good.includes("encryption: true") && good.includes("claims in the header: true"));
  assert.deepEqual(await explained(await encrypt(token, secretOf(32))), [
    "decryption: token.undecryptable",
  ]);
  const odd = await explained(await encrypt(token, key, { sub: "bob" }));
  assert.ok(odd.includes("claims in the header: header.sub"));
  const { verifier: strict } = await benchFor([key], { issuer: { encrypted: "required" } });
  const plain = await strict.explain(token);
  assert.deepEqual(
    plain.find(({ check }) => check === "encryption"),
    { check: "encryption", ok: false, detail: "token.not_encrypted" },
  );
  assert.ok(plain[0]?.check === "shape and header");
});

edge("edge_X308_a_jwe_alone_is_decrypted_whatever_is_inside", async () => {
  const key = secretOf(32);
  const jwe = await encrypt("hello", key, { cty: undefined, typ: "text" });
  const options = { keyManagement: ["A256KW"] } as const;
  const { header, plaintext } = await decryptCompact(jwe, [{ key: key.jwk }], options);
  assert.deepEqual(header, { alg: "A256KW", enc: "A256GCM", kid: "e1", typ: "text" });
  assert.equal(new TextDecoder().decode(plaintext), "hello");
  const open = (sent: unknown, more: object = {}, keys: unknown = [{ key: key.jwk }]) =>
    decryptCompact(sent as string, keys as never, { ...options, ...more });
  await refused(open(7), "token.malformed");
  await refused(open("a.b.c"), "token.malformed");
  await refused(open("a".repeat(2 ** 20 + 1)), "token.too_large");
  await refused(
    open(jwe, { contentEncryption: ["A128GCM"] }, [{ key: key.jwk }]),
    "alg.not_allowed",
  );
  await refused(open(jwe, {}, [{ key: key.jwk, kid: "other" }]), "token.undecryptable");
  await refused(open(jwe, {}, []), "config_invalid");
  await refused(open(jwe, {}, null), "config_invalid");
  await refused(open(jwe, { keyManagement: [] }), "config_invalid");
  await refused(open(jwe, { keys: [] }), "config_invalid");
});
