// Group Q: what a DPoP proof must be, by `verifyProof`.

import assert from "node:assert/strict";
import { memoryReplay, verifyProof } from "tokenkeep/edge";
import {
  type Client,
  clientOf,
  hashOf,
  type ProofParts,
  proofBy,
  rawProof,
  secretOf,
  TARGET,
  watchedReplay,
} from "./dpop-kit.ts";
import { base64url, bytesOf, edge, misconfigured, NOW, refusal, refused } from "./kit.ts";

type Options = NonNullable<Parameters<typeof verifyProof>[2]>;

const EXPECTED = { method: "GET", url: TARGET };
const at = (seconds: number) => () => seconds * 1000;

/** A memory of its own for each judgement, unless the options give one. */
const judge = (
  proof: string,
  expected: Partial<typeof EXPECTED> & { token?: string } = {},
  options: Options = {},
) =>
  verifyProof(
    proof,
    { ...EXPECTED, ...expected },
    { clock: at(NOW), replay: memoryReplay({ clock: at(NOW) }), ...options },
  );

const judged = async (parts: ProofParts, options: Options = {}, client?: Client) =>
  judge(await proofBy(client ?? (await clientOf()), parts), {}, options);

const EXAMPLE_HEADER =
  "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNo" +
  "UklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERW" +
  "clUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19";
const EXAMPLE_THUMBPRINT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
/** RFC 9449, figure 2. */
const TOKEN_REQUEST = `${EXAMPLE_HEADER}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg`;
/** Its request with a refresh token: the same `jti`, 45 minutes later. */
const REFRESH_REQUEST = `${EXAMPLE_HEADER}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjY1Mjk2fQ.pAqut2IRDm_De6PR93SYmGBPXpwrAk90e8cP2hjiaG5QsGSuKDYW7_X620BxqhvYC8ynrrvZLTk41mSRroapUA`;
/** Its request of a protected resource. */
const RESOURCE_REQUEST = `${EXAMPLE_HEADER}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA`;

edge("edge_Q1_takes_the_examples_of_rfc_9449", async () => {
  const token = { method: "POST", url: "https://server.example.com/token" };
  const taken = await verifyProof(TOKEN_REQUEST, token, { clock: at(1_562_262_616) });
  assert.deepEqual(taken, {
    jti: "-BwC3ESc6acc2lTc",
    thumbprint: EXAMPLE_THUMBPRINT,
    iat: 1_562_262_616,
    nonce: null,
  });
  // All calls share a memory, which goes by the clock of each.
  const again = verifyProof(TOKEN_REQUEST, token, { clock: at(1_562_262_706) });
  await refused(again, "proof.replayed");
  await refused(verifyProof(TOKEN_REQUEST, token, { clock: at(1_562_262_707) }), "proof.time");
  // A `jti` may return when its window is over.
  const { iat } = await verifyProof(REFRESH_REQUEST, token, { clock: at(1_562_265_296) });
  assert.equal(iat, 1_562_265_296);
  const resource = {
    method: "GET",
    url: new URL("https://resource.example.org/protectedresource"),
    token: "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU",
  };
  const { thumbprint } = await verifyProof(RESOURCE_REQUEST, resource, {
    clock: at(1_562_262_618),
  });
  assert.equal(thumbprint, EXAMPLE_THUMBPRINT);
});

edge("edge_Q2_takes_one_text_of_bounded_length", async () => {
  const proof = await proofBy(await clientOf());
  for (const nothing of ["", null, undefined])
    await refused(judge(nothing as string), "proof.missing");
  for (const odd of [
    " ",
    `${proof},${proof}`,
    `${proof}, ${proof}`,
    ` ${proof}`,
    `${proof} `,
    `${proof}.`,
    proof.slice(0, proof.lastIndexOf(".")),
    `${proof}=`,
    `${proof}é`,
    "x".repeat(4_097),
    7 as unknown as string,
  ])
    await refused(judge(odd), "proof.malformed", String(odd).slice(0, 20));
  const padding = async (length: number) => {
    for (let more = 2_000; ; more += 1) {
      const long = await proofBy(await clientOf(), { payload: { x: "x".repeat(more) } });
      if (long.length >= length) return long;
    }
  };
  const long = await padding(4_095);
  assert.ok(long.length <= 4_096);
  await judge(long);
  await refused(judge(await padding(4_097)), "proof.malformed");
});

edge("edge_Q3_takes_one_type_however_it_is_written", async () => {
  for (const typ of ["dpop+jwt", "DPoP+JWT", "application/dpop+jwt"])
    await judged({ header: { typ } });
  for (const typ of [undefined, "JWT", "at+jwt", "", "dpop", null, 1])
    await refused(judged({ header: { typ } }), "proof.typ", String(typ));
});

edge("edge_Q4_takes_the_algorithms_of_the_list_that_go_with_the_key", async () => {
  await judged({}, {}, await clientOf("ed", "EdDSA"));
  await judged({ header: { alg: "Ed25519" } }, {}, await clientOf("ed", "Ed25519"));
  await judged({}, { algorithms: ["PS256", "RS256"] }, await clientOf("rsa", "PS256"));
  await refused(judged({}, {}, await clientOf("rsa", "PS256")), "proof.alg");
  await refused(judged({}, { algorithms: ["EdDSA"] }), "proof.alg");
  for (const alg of ["none", "HS256", "RS256", "EdDSA", "es256"]) {
    const proof = rawProof(await clientOf(), ({ header, payload }) => ({
      header: header.replace('"ES256"', JSON.stringify(alg)),
      payload,
    }));
    await refused(judge(await proof), "proof.alg", alg);
  }
});

edge("edge_Q5_takes_public_keys_of_the_usual_kind_alone", async () => {
  const client = await clientOf();
  const { jwk } = client;
  for (const more of [
    { kid: "a" },
    { x5c: ["AA"] },
    { jku: "https://evil.example/" },
    { ext: true },
    { use: "sig" },
    { key_ops: ["verify"] },
  ]) {
    const { thumbprint } = await judged({ header: { jwk: { ...jwk, ...more } } });
    assert.equal(thumbprint, client.jkt);
  }
  // What the header says beside its key is not looked at, and nothing of it is fetched.
  await judged({ header: { kid: "x", x5c: ["AA"], jku: "https://evil.example/" } });
  for (const odd of [
    undefined,
    null,
    "a",
    [],
    {},
    { ...jwk, d: jwk.x },
    ...["p", "q", "dp", "dq", "qi"].map((name) => ({ ...jwk, [name]: "AA" })),
    { ...jwk, oth: [{ r: "AA" }] },
    { kty: "oct", k: jwk.x },
    { ...jwk, crv: "P-384" },
    { ...jwk, crv: "secp256k1" },
    { ...jwk, y: "AA" },
    { ...jwk, use: "enc" },
    // Not on the curve.
    { ...jwk, y: jwk.x },
  ])
    await refused(judged({ header: { jwk: odd } }), "proof.key", JSON.stringify(odd));
});

edge("edge_Q5_refuses_short_rsa_keys", async () => {
  const { publicKey } = (await crypto.subtle.generateKey(
    {
      name: "RSASSA-PKCS1-v1_5",
      modulusLength: 1_024,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: "SHA-256",
    },
    true,
    ["sign", "verify"],
  )) as CryptoKeyPair;
  const { kty, n, e } = (await crypto.subtle.exportKey("jwk", publicKey)) as JsonWebKey;
  const client = await clientOf("rsa", "PS256");
  const outcome = judged({ header: { jwk: { kty, n, e } } }, { algorithms: ["PS256"] }, client);
  await refused(outcome, "proof.key");
});

edge("edge_Q6_reads_a_proof_as_strictly_as_a_token", async () => {
  const client = await clientOf();
  for (const change of [
    (text: string) => text.replace("{", '{"jti":"x","jti":"y",'),
    (text: string) => text.replace("{", '{"\\u006ati":"x",'),
    (text: string) => `\ufeff${text}`,
    (text: string) => `${text}x`,
    (text: string) => text.replace("{", `{"x":${"[".repeat(40)}${"]".repeat(40)},`),
    (text: string) => text.replace(String(NOW), "1e999"),
    (text: string) => text.replace(String(NOW), "NaN"),
    () => "",
    () => "[]",
  ]) {
    const proof = rawProof(client, ({ header, payload }) => ({ header, payload: change(payload) }));
    await refused(judge(await proof), "proof.malformed", change("{}").slice(0, 20));
  }
  const doubled = rawProof(client, ({ header, payload }) => ({
    header: header.replace("{", '{"alg":"ES256",'),
    payload,
  }));
  await refused(judge(await doubled), "proof.malformed");
  const [head = "", body = "", signature = ""] = (await proofBy(client)).split(".");
  for (const odd of [`${head}=.${body}.${signature}`, `${head}.${body}A.${signature}`])
    await refused(judge(odd), "proof.malformed");
});

edge("edge_Q7_refuses_extensions", async () => {
  for (const header of [{ crit: ["exp"], exp: NOW }, { crit: [] }, { zip: "DEF" }]) {
    const proof = rawProof(await clientOf(), ({ header: text, payload }) => ({
      header: JSON.stringify({ ...(JSON.parse(text) as object), ...header }),
      payload,
    }));
    await refused(judge(await proof), "proof.malformed", Object.keys(header)[0]);
  }
});

edge("edge_Q8_wants_each_claim_of_its_type", async () => {
  for (const name of ["jti", "htm", "htu", "iat"])
    for (const value of [undefined, null, true, {}, [], name === "iat" ? "1800000000" : 1])
      await refused(judged({ payload: { [name]: value } }), "proof.claims", `${name} ${value}`);
  await judged({ payload: { more: { of: ["it"] } } });
});

edge("edge_Q9_compares_the_method_with_its_case", async () => {
  for (const htm of ["get", "HEAD", "POST", "", "GET "])
    await refused(judged({ payload: { htm } }), "proof.method", htm);
  await judge(await proofBy(await clientOf(), { payload: { htm: "get" } }), { method: "get" });
});

edge("edge_Q10_takes_one_address_however_it_is_written", async () => {
  const url = "https://api.example/a%20b/c~d?x=1#y";
  const client = await clientOf();
  const ask = async (htu: unknown) => judge(await proofBy(client, { payload: { htu } }), { url });
  for (const htu of [
    url,
    "https://api.example/a%20b/c~d",
    "HTTPS://API.EXAMPLE/a%20b/c~d",
    "https://api.example:443/a%20b/c~d",
    "https://api.example/a%20b/c%7ed?other",
    "https://api.example/%61%20b/c%7Ed#other",
    "https://api.example/x/../a%20b/./c~d",
  ])
    await ask(htu);
  for (const htu of [
    "https://api.example/a%20b/c~d/",
    "https://api.example/a%20b",
    "https://api.example/A%20b/c~d",
    "https://api.example/a%2520b/c~d",
    "https://api.example/a%20b%2Fc~d",
    "http://api.example/a%20b/c~d",
    "https://api.example:8443/a%20b/c~d",
    "https://www.api.example/a%20b/c~d",
    "https://evil.example/a%20b/c~d",
    "https://user@api.example/a%20b/c~d",
    "https://user:secret@api.example/a%20b/c~d",
    "/a%20b/c~d",
    "//api.example/a%20b/c~d",
    "https:/api.example/a%20b/c~d",
    "https:\\\\api.example\\a%20b\\c~d",
    " https://api.example/a%20b/c~d",
    "https://api.example/a b/c~d",
    "ftp://api.example/a%20b/c~d",
    "https://",
    "",
  ])
    await refused(ask(htu), "proof.url", htu);
  await refused(ask([url]), "proof.claims");
  await judge(await proofBy(client, { payload: { htu: "https://api.example" } }), {
    url: "https://api.example/",
  });
  await judge(await proofBy(client, { payload: { htu: "https://xn--bcher-kva.example/" } }), {
    url: new URL("https://bücher.example/"),
  } as never);
});

edge("edge_Q12_takes_a_date_in_the_window_and_no_other", async () => {
  for (const [iat, code] of [
    [NOW, null],
    [NOW - 90, null],
    [NOW - 91, "proof.time"],
    [NOW + 30, null],
    [NOW + 31, "proof.time"],
    [NOW + 30.5, "proof.time"],
    [0, "proof.time"],
    [-1, "proof.time"],
  ] as const) {
    const outcome = judged({ payload: { iat } });
    await (code === null ? outcome : refused(outcome, code, String(iat)));
  }
  const short = { maxProofAge: 1 };
  await judged({ payload: { iat: NOW - 31 } }, short);
  await refused(judged({ payload: { iat: NOW - 32 } }, short), "proof.time");
});

edge("edge_Q13_bounds_the_jti_and_knows_it_by_its_key", async () => {
  for (const [length, isTaken] of [
    [0, false],
    [1, true],
    [128, true],
    [129, false],
  ] as const) {
    const outcome = judged({ payload: { jti: "j".repeat(length) } });
    await (isTaken ? outcome : refused(outcome, "proof.claims", String(length)));
  }
  const replay = memoryReplay({ clock: at(NOW) });
  const parts = { payload: { jti: "one" } };
  await judged(parts, { replay });
  await judged(parts, { replay }, await clientOf("other"));
  await refused(judged(parts, { replay }), "proof.replayed");
  await refused(judged({ payload: { jti: "one", iat: NOW - 5 } }, { replay }), "proof.replayed");
});

edge("edge_Q14_a_proof_is_good_once_at_every_second_of_its_life", async () => {
  const proof = await proofBy(await clientOf());
  let seconds = NOW - 30;
  const clock = () => seconds * 1000;
  // Each second another process begins, and remembers from there on: at none of the later ones is
  // the proof new, and when the memory may forget it, it is too old.
  for (let first = NOW - 30; first <= NOW + 90; first += 10) {
    const replay = memoryReplay({ clock });
    seconds = first;
    await judge(proof, {}, { clock, replay });
    for (seconds = first; seconds <= NOW + 90; seconds += 1)
      await refused(judge(proof, {}, { clock, replay }), "proof.replayed", String(seconds));
    for (const later of [90.5, 91, 92, 1_000]) {
      seconds = NOW + later;
      await refused(judge(proof, {}, { clock, replay }), "proof.time");
    }
  }
});

edge("edge_Q15_a_proof_that_fails_another_check_stays_unused", async () => {
  const { uses, replay } = watchedReplay();
  const client = await clientOf();
  const proof = await proofBy(client);
  const [head, body, signature = ""] = proof.split(".");
  const forged = base64url(bytesOf(signature).map((byte, place) => byte ^ (place === 9 ? 1 : 0)));
  await refused(judge(`${head}.${body}.${forged}`, {}, { replay }), "proof.signature");
  await refused(judge(proof, { method: "POST" }, { replay }), "proof.method");
  await refused(judge(proof, { url: "https://other.example/" }, { replay }), "proof.url");
  await refused(judge(proof, { token: "t" }, { replay }), "proof.token");
  await refused(judge(proof, {}, { replay, clock: at(NOW + 91) }), "proof.time");
  const nonce = { secret: secretOf(1) };
  await refused(judge(proof, {}, { replay, nonce }), "proof.nonce");
  assert.equal(uses.length, 0);
  await judge(proof, {}, { replay });
  const [use] = uses;
  assert.deepEqual(Object.keys(use ?? {}).sort(), ["expiresAt", "name", "thumbprint"]);
  assert.match(use?.name ?? "", /^[\w-]{22}$/);
  assert.equal(use?.thumbprint, client.jkt);
  // One second beyond the last at which it is good.
  assert.equal(use?.expiresAt, NOW + 60 + 30 + 1);
});

edge("edge_Q16_a_store_that_gives_no_answer_refuses_the_request", async () => {
  for (const firstUse of [
    () => {
      throw new Error("away");
    },
    async () => Promise.reject(new Error("away")),
    () => undefined,
    () => 1,
    () => "true",
    async () => null,
  ]) {
    const error = await refused(
      judged({}, { replay: { firstUse: firstUse as never } }),
      "replay.unavailable",
    );
    assert.deepEqual([error.status, error.category, error.retryable], [503, "runtime", true]);
    assert.equal(error.challenge(), null);
    assert.ok(error.response().headers.get("Retry-After"));
  }
  await judged({}, { replay: { firstUse: async () => true } });
  await refused(judged({}, { replay: { firstUse: async () => false } }), "proof.replayed");
  const proof = await proofBy(await clientOf());
  for (let times = 0; times < 2; times += 1) await judge(proof, {}, { replay: "off" });
});

edge("edge_Q17_a_memory_of_proofs_is_bounded_and_forgets_none_that_is_alive", async () => {
  let seconds = 0;
  const { firstUse } = memoryReplay({ max: 3, clock: () => seconds * 1000 });
  const use = (name: string, expiresAt: number) => firstUse({ name, thumbprint: "t", expiresAt });
  for (const name of ["a", "b", "c"]) assert.equal(use(name, 10), true);
  assert.throws(() => use("d", 10), /Too many/);
  assert.equal(use("a", 10), false);
  seconds = 9.9;
  assert.throws(() => use("d", 10), /Too many/);
  seconds = 10;
  assert.equal(use("d", 20), true);
  assert.equal(use("a", 20), true, "its window is over");
  assert.equal(use("e", 20), true);
  assert.throws(() => use("f", 20), /Too many/);
  misconfigured(() => memoryReplay({ max: 0 }));
  misconfigured(() => memoryReplay({ maximum: 7 } as never));
  misconfigured(() => memoryReplay({ clock: 7 } as never));
  const error = await refused(
    judged(
      {},
      { replay: { firstUse: () => firstUse({ name: "g", thumbprint: "", expiresAt: 20 }) } },
    ),
    "replay.unavailable",
  );
  assert.equal(error.status, 503);
});

edge("edge_Q17_forgets_expired_proofs_as_new_ones_come", async () => {
  let seconds = 0;
  // So few that only forgetting can make room; each lives for ten seconds, one comes a second.
  const { firstUse } = memoryReplay({ max: 25, clock: () => seconds * 1000 });
  for (; seconds < 10_000; seconds += 1)
    assert.equal(firstUse({ name: `p${seconds}`, thumbprint: "t", expiresAt: seconds + 10 }), true);
});

edge("edge_Q19_wants_the_hash_of_the_token_that_comes_with_it", async () => {
  const client = await clientOf();
  const token = "a.token~of/any+kind=";
  const ask = async (ath: unknown) => judge(await proofBy(client, { payload: { ath } }), { token });
  const hash = await hashOf(token);
  await ask(hash);
  for (const ath of [undefined, null, 7, `${hash}=`, await hashOf("other"), hash.slice(1), ""])
    await refused(ask(ath), "proof.token", String(ath));
  // Whoever gives no token does not ask for one's hash.
  await judge(await proofBy(client, { payload: { ath: "x" } }));
  for (const text of ["é", "x".repeat(10_000)])
    await judge(await proofBy(client, { payload: { ath: await hashOf(text) } }), { token: text });
});

edge("edge_Q27_wants_a_nonce_of_this_server_that_is_young_enough", async () => {
  const client = await clientOf();
  const ask = async (nonce: unknown, more: Options = {}) =>
    judge(
      await proofBy(client, { payload: { nonce } }),
      {},
      { nonce: { secret: secretOf(1) }, ...more },
    );
  const error = await refused(ask(undefined), "proof.nonce");
  const nonce = error.dpopNonce ?? "";
  assert.match(nonce, /^[\w-]{27}$/);
  assert.equal(error.response().headers.get("DPoP-Nonce"), nonce);
  assert.match(error.challenge() ?? "", /^DPoP error="use_dpop_nonce"/);
  assert.deepEqual(await error.response().json(), { error: "use_dpop_nonce" });
  const taken = await ask(nonce);
  assert.match(taken.nonce ?? "", /^[\w-]{27}$/);
  for (const seconds of [-5, 0, 300]) await ask(nonce, { clock: at(NOW + seconds) });
  for (const seconds of [-6, 301])
    await refused(ask(nonce, { clock: at(NOW + seconds) }), "proof.nonce", String(seconds));
  for (const odd of ["", "x", `${nonce}A`, nonce.slice(1), `A${nonce.slice(1)}`, 7, null, [nonce]])
    await refused(ask(odd), "proof.nonce", String(odd));
  // Any secret of the list will do; the first one signs.
  const rotated = { secret: [secretOf(2), secretOf(1)] };
  await ask(nonce, { nonce: rotated });
  const { nonce: next } = await ask(nonce, { nonce: rotated });
  await ask(next, { nonce: { secret: secretOf(2) } });
  await refused(ask(nonce, { nonce: { secret: [secretOf(2), secretOf(3)] } }), "proof.nonce");
  await refused(
    ask(nonce, { nonce: { ...rotated, lifetime: 10 }, clock: at(NOW + 11) }),
    "proof.nonce",
  );
  assert.equal((await judged({ payload: { nonce } })).nonce, null, "nobody asks for one");
});

edge("edge_Q28_a_good_nonce_makes_the_date_irrelevant_and_not_absent", async () => {
  const client = await clientOf();
  const { uses, replay } = watchedReplay();
  const options = { nonce: { secret: secretOf(1) }, replay };
  const ask = async (payload: object) =>
    judge(await proofBy(client, { payload: { ...payload } }), {}, options);
  const nonce = (await refusal(ask({ iat: 0 }))).dpopNonce;
  for (const iat of [0, 1, NOW + 86_400]) await ask({ iat, nonce });
  await refused(ask({ iat: undefined, nonce }), "proof.claims");
  await refused(ask({ iat: "0", nonce }), "proof.claims");
  // Else a wrong clock would never hear of a nonce.
  for (const iat of [0, NOW + 86_400]) await refused(ask({ iat }), "proof.nonce");
  // A second beyond the nonce's end.
  assert.deepEqual(new Set(uses.map(({ expiresAt }) => expiresAt)), new Set([NOW + 301]));
});

edge("edge_Q31_no_byte_of_a_signature_may_differ", async () => {
  const client = await clientOf();
  const [head, body, text = ""] = (await proofBy(client)).split(".");
  const signature = bytesOf(text);
  const ask = (bytes: Uint8Array) => judge(`${head}.${body}.${base64url(bytes)}`);
  for (let place = 0; place < signature.length; place += 1)
    await refused(
      ask(signature.map((byte, at) => byte ^ (at === place ? 1 : 0))),
      "proof.signature",
    );
  for (const odd of [
    signature.slice(1),
    new Uint8Array([...signature, 0]),
    new Uint8Array(64),
    // DER.
    new Uint8Array([
      0x30,
      0x44,
      2,
      0x20,
      ...signature.slice(0, 32),
      2,
      0x20,
      ...signature.slice(32),
    ]),
    new Uint8Array([...new Uint8Array(32), ...signature.slice(32)]),
    new Uint8Array([...signature.slice(0, 32), ...new Uint8Array(32)]),
  ])
    await refused(ask(odd), "proof.signature");
  // (r, n - s) is a signature, too (ECDSA as it is; RFC 7518 section 3.4 asks for neither).
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const number = (bytes: Uint8Array) => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const other = (order - number(signature.slice(32))).toString(16).padStart(64, "0");
  const mirrored = Uint8Array.from(other.match(/../g) ?? [], (hex) => Number.parseInt(hex, 16));
  await ask(new Uint8Array([...signature.slice(0, 32), ...mirrored]));
});

edge("edge_Q32_no_key_is_served_under_the_thumbprint_of_another", async () => {
  // More keys than are kept ready, some of them twice.
  const names = Array.from({ length: 30 }, (_, place) => `many${place}`);
  const clients = await Promise.all(names.map((name) => clientOf(name)));
  const rounds = [...clients, ...clients.slice().reverse(), ...clients.slice(0, 5)];
  for (const client of rounds) {
    const proof = await proofBy(client);
    assert.equal((await judge(proof)).thumbprint, client.jkt);
    // Signed by its neighbour, with this key in the header.
    const neighbour = clients[(clients.indexOf(client) + 1) % clients.length] as Client;
    const forged = await proofBy({ ...neighbour, jwk: client.jwk });
    await refused(judge(forged), "proof.signature");
  }
});

edge("edge_Q36_verifyProof_says_what_is_wrong_with_a_call", async () => {
  const proof = await proofBy(await clientOf());
  for (const [expected, options] of [
    [{ ...EXPECTED, url: "/token" }, {}],
    [{ ...EXPECTED, url: "ftp://a.example/" }, {}],
    [{ ...EXPECTED, url: 7 }, {}],
    [{ ...EXPECTED, method: undefined }, {}],
    [{ ...EXPECTED, token: 7 }, {}],
    [{ ...EXPECTED, tokens: "a" }, {}],
    [null, {}],
    [EXPECTED, null],
    [EXPECTED, 7],
    [EXPECTED, { maxProofAge: 0 }],
    [EXPECTED, { clock: 7 }],
    [EXPECTED, { algorithm: ["ES256"] }],
  ] as const)
    await refused(verifyProof(proof, expected as never, options as never), "config_invalid");
  for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, "1"])
    await refused(judge(proof, {}, { clock: () => odd as number }), "clock.unavailable");
  const error = await refused(judge(proof, { method: "POST" }), "proof.method");
  assert.deepEqual([error.status, error.category], [401, "request"]);
  assert.equal(
    error.challenge(),
    'DPoP error="invalid_dpop_proof", error_description="The DPoP proof is not valid.", ' +
      'algs="ES256 EdDSA"',
  );
});

edge("edge_Q340_a_nonce_may_live_for_a_second", async () => {
  const proof = (nonce?: string) => proofBy(client, { payload: { nonce, iat: NOW } });
  const client = await clientOf();
  const options = { nonce: { secret: secretOf(1), lifetime: 1 }, replay: "off" } as const;
  const { dpopNonce } = await refused(judge(await proof(), {}, options), "proof.nonce");
  for (const [clock, isGood] of [
    [NOW + 1, true],
    [NOW + 2, false],
  ] as const) {
    const judged = judge(await proof(dpopNonce), {}, { ...options, clock: () => clock * 1000 });
    await (isGood ? judged : refused(judged, "proof.nonce"));
  }
});

edge("edge_Q38_refuses_options_that_could_never_be_right", async () => {
  const proof = await proofBy(await clientOf());
  const secret = secretOf(1);
  for (const options of [
    { algorithms: [] },
    { algorithms: ["HS256"] },
    { algorithms: ["ES256", "HS512"] },
    { algorithms: ["none"] },
    { algorithms: "ES256" },
    { maxProofAge: 0 },
    { maxProofAge: 601 },
    { maxProofAge: Number.NaN },
    { nonce: {} },
    { nonce: { secret: "x".repeat(32) } },
    { nonce: { secret: new Uint8Array(31) } },
    { nonce: { secret: [] } },
    { nonce: { secret: [secret, new Uint8Array(31)] } },
    { nonce: { secret, lifetime: 0 } },
    { nonce: { secret, lifetime: Number.POSITIVE_INFINITY } },
    { nonce: { secret, age: 1 } },
    { nonce: null },
    { replay: "on" },
    { replay: {} },
    { replay: null },
    { url: "https://api.example" },
    { nonces: 1 },
  ])
    await refused(judge(proof, {}, options as never), "config_invalid", JSON.stringify(options));
});
