// Groups A to C: the shape of a token, its base64url, its JSON.

import assert from "node:assert/strict";
import { base64url, bench, bytesOf, claims, edge, NOW, refused, sign, signRaw } from "./kit.ts";

const HEADER = '{"alg":"ES256","kid":"k1","typ":"JWT"}';
const PAYLOAD = JSON.stringify(claims());
const verify = async (token: unknown) => (await bench()).verifier.verify(token as string);

edge("edge_A1_refuses_what_is_no_text", async () => {
  for (const token of [
    "",
    null,
    undefined,
    42,
    {},
    [],
    true,
    new Uint8Array([0xff, 0x2e]),
    Symbol("x"),
    1n,
  ]) {
    await refused(verify(token), "token.malformed", String(token));
  }
});

edge("edge_A2_wants_three_parts", async () => {
  const token = await sign();
  for (const odd of [
    "abc",
    "a.b",
    `${token}.`,
    `.${token}`,
    "a.b.c.d",
    "a.b.c.d.e.f",
    ".",
    "..",
    token.split(".").slice(0, 2).join("."),
  ]) {
    await refused(verify(odd), "token.malformed", odd);
  }
  const { verifier } = await bench({ maxTokenBytes: 1_048_576 });
  await verifier.verify(token);
  const dots = ".".repeat(1_000_000);
  let quickest = Infinity;
  for (let tries = 0; tries < 20; tries += 1) {
    const began = performance.now();
    await refused(verifier.verify(dots), "token.malformed");
    quickest = Math.min(quickest, performance.now() - began);
  }
  assert.ok(quickest < 200, `a million dots took ${quickest} ms`);
});

edge("edge_A3_tells_a_jwe_before_decoding_anything", async () => {
  for (const token of ["!!.??.##.%%.&&", "eyJhbGciOiJkaXIifQ..aXY.Y3Q.dGFn"])
    await refused(verify(token), "token.encrypted_unsupported");
});

edge("edge_A4_refuses_a_token_with_an_empty_part", async () => {
  const [header = "", payload = "", signature = ""] = (await sign()).split(".");
  for (const parts of [
    ["", payload, signature],
    [header, "", signature],
    [header, payload, ""],
  ]) {
    await refused(verify(parts.join(".")), "token.malformed");
  }
});

edge("edge_A5_bounds_the_token_and_its_header", async () => {
  const { verifier } = await bench();
  await verifier.verify(await sign(claims({ note: "x".repeat(11_500) })));
  await refused(
    verifier.verify(await sign(claims({ note: "x".repeat(12_500) }))),
    "token.too_large",
  );
  await refused(
    verifier.verify(await sign(claims(), { note: "x".repeat(4_100) })),
    "token.too_large",
  );
  const small = await bench({ maxTokenBytes: 100 });
  await refused(small.verifier.verify(await sign()), "token.too_large");
});

edge("edge_A6_refuses_the_json_serialisation", async () => {
  const [header = "", payload = "", signature = ""] = (await sign()).split(".");
  const flattened = { protected: header, payload, signature };
  for (const token of [
    flattened,
    JSON.stringify(flattened),
    JSON.stringify({ payload, signatures: [{ protected: header, signature }] }),
  ]) {
    await refused(verify(token), "token.malformed");
  }
});

edge("edge_A7_refuses_white_space_and_the_scheme", async () => {
  const token = await sign();
  for (const space of [" ", "\r", "\n", "\r\n", "\t", "\u00a0", "\ufeff"]) {
    await refused(verify(space + token), "token.malformed");
    await refused(verify(token + space), "token.malformed");
    await refused(verify(token.slice(0, 30) + space + token.slice(30)), "token.malformed");
  }
  await refused(verify(`Bearer ${token}`), "token.malformed");
});

edge("edge_A8_refuses_nul_and_everything_beyond_ascii", async () => {
  const token = await sign();
  for (const odd of ["\0", "é", "\u{1F600}", "\ud800", "\u0661"]) {
    await refused(verify(token + odd), "token.malformed");
    await refused(verify(odd + token.slice(1)), "token.malformed");
  }
});

edge("edge_B9_refuses_padding", async () => {
  const parts = (await sign()).split(".");
  for (const place of [0, 1, 2]) {
    for (const padding of ["=", "=="]) {
      await refused(
        verify(parts.map((part, index) => (index === place ? part + padding : part)).join(".")),
        "token.malformed",
      );
    }
  }
});

edge("edge_B10_refuses_the_standard_alphabet", async () => {
  for (let tries = 0, seen = 0; seen < 3 && tries < 200; tries += 1) {
    const token = await sign(claims({ tries }));
    if (!/[-_]/.test(token)) continue;
    seen += 1;
    await refused(verify(token.replaceAll("-", "+").replaceAll("_", "/")), "token.malformed");
  }
});

edge("edge_B11_refuses_a_length_that_no_bytes_have", async () => {
  const parts = (await sign()).split(".");
  for (const place of [0, 1, 2]) {
    const odd = parts.map((part, index) =>
      index === place ? part.slice(0, part.length - (part.length % 4)) + "A" : part,
    );
    await refused(verify(odd.join(".")), "token.malformed");
  }
});

/** The same bytes with bits set behind the end. */
function withTrailingBits(part: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return part.slice(0, -1) + alphabet[alphabet.indexOf(part.at(-1) ?? "") + 1];
}

edge("edge_B12_refuses_trailing_bits_in_each_part", async () => {
  // Lengths that leave bits over in all three parts; a 64-byte signature does so anyway.
  for (const note of ["", " ", "  "]) {
    const token = await signRaw(`${HEADER}${note}`, `${PAYLOAD}${note}`);
    const parts = token.split(".");
    await verify(token);
    for (const place of [0, 1, 2]) {
      if ((parts[place] ?? "").length % 4 === 0) continue;
      const odd = parts.map((part, index) => (index === place ? withTrailingBits(part) : part));
      assert.deepEqual(
        bytesOf(odd[place] ?? ""),
        bytesOf(parts[place] ?? ""),
        "the bytes are the same",
      );
      await refused(verify(odd.join(".")), "token.malformed");
    }
  }
});

edge("edge_B13_refuses_white_space_and_percent_signs_inside_a_part", async () => {
  const parts = (await sign()).split(".");
  for (const odd of [" ", "\n", "%3D", "?", "\t"]) {
    for (const place of [0, 1, 2]) {
      await refused(
        verify(
          parts
            .map((part, index) => (index === place ? part.slice(0, 8) + odd + part.slice(8) : part))
            .join("."),
        ),
        "token.malformed",
      );
    }
  }
});

edge("edge_B14_takes_payloads_of_every_length", async () => {
  for (const note of ["", "a", "ab", "abc"])
    assert.equal((await verify(await sign(claims({ note })))).claims["note"], note);
});

edge("edge_C15_wants_an_object_for_a_header", async () => {
  for (const header of ["[]", '"x"', "1", "null", "true", '[{"alg":"ES256"}]', ""]) {
    await refused(
      verify(await signRaw(header === "" ? " " : header, PAYLOAD)),
      "token.malformed",
      header,
    );
  }
});

edge("edge_C16_wants_an_object_for_a_payload", async () => {
  for (const payload of ["[]", '"x"', "1", "null", "true", " "])
    await refused(verify(await signRaw(HEADER, payload)), "token.malformed", payload);
});

edge("edge_C17_refuses_what_is_no_utf8", async () => {
  const text = (tail: number[]) =>
    Uint8Array.from([
      ...new TextEncoder().encode('{"alg":"ES256","kid":"k1","x":"'),
      ...tail,
      0x22,
      0x7d,
    ]);
  for (const tail of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf5, 0x80, 0x80, 0x80]]) {
    await refused(verify(await signRaw(text(tail), PAYLOAD)), "token.malformed");
    await refused(verify(await signRaw(HEADER, text(tail))), "token.malformed");
  }
  for (const unit of ["\\ud800", "\\udc00", "\\ud800\\ud800"])
    await refused(verify(await signRaw(HEADER, `{"x":"${unit}"}`)), "token.malformed");
  await refused(verify(await signRaw(`\ufeff${HEADER}`, PAYLOAD)), "token.malformed");
  await refused(verify(await signRaw(HEADER, `\ufeff${PAYLOAD}`)), "token.malformed");
});

edge("edge_C18_refuses_a_name_that_comes_twice", async () => {
  for (const header of [
    '{"alg":"ES256","alg":"ES256","kid":"k1"}',
    '{"alg":"ES256","\\u0061lg":"none","kid":"k1"}',
    '{"alg":"ES256","kid":"k1","kid":"k2"}',
  ]) {
    await refused(verify(await signRaw(header, PAYLOAD)), "token.malformed", header);
  }
  for (const more of [`"exp":${NOW + 1}`, '"iss":"x"', '"\\u0061ud":"x"', '"deep":{"a":1,"a":2}']) {
    await refused(
      verify(await signRaw(HEADER, PAYLOAD.replace("{", `{${more},`))),
      "token.malformed",
      more,
    );
  }
});

edge("edge_C19_bounds_depth_and_members", async () => {
  const nested = (depth: number) =>
    PAYLOAD.replace("{", `{"deep":${"[".repeat(depth)}${"]".repeat(depth)},`);
  await verify(await signRaw(HEADER, nested(31)));
  await refused(verify(await signRaw(HEADER, nested(32))), "token.malformed");
  await refused(verify(await signRaw(HEADER, nested(5_000))), "token.malformed");
  const many = Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`n${index}`, 0]));
  await refused(verify(await sign({ ...claims(), ...many })), "token.malformed");
});

edge("edge_C20_refuses_what_follows_the_value_and_what_json_does_not_have", async () => {
  for (const payload of [
    `${PAYLOAD}x`,
    `${PAYLOAD}{}`,
    `${PAYLOAD}\0`,
    PAYLOAD.replace("{", "{/* */"),
    PAYLOAD.replace("{", '{"x":NaN,'),
    PAYLOAD.replace("{", '{"x":Infinity,'),
    PAYLOAD.replace("{", '{"x":1e999,'),
    PAYLOAD.replace("{", '{"x":01,'),
    PAYLOAD.replace("}", ",}"),
    PAYLOAD.replaceAll('"', "'"),
  ]) {
    await refused(verify(await signRaw(HEADER, payload)), "token.malformed", payload);
  }
});

edge("edge_C21_takes_white_space_and_escapes_in_the_header", async () => {
  const header =
    ' {\n\t"\\u0061lg" : "ES\\u0032\\u0035\\u0036" ,\r\n "kid":"\\u006b1","typ":"J\\u0057T" } ';
  const { claims: found } = await verify(await signRaw(header, PAYLOAD.replaceAll("/", "\\/")));
  assert.equal(
    found.iss,
    "https://issuer.example",
    "an issuer whose slashes are escaped is the same issuer",
  );
});

edge("edge_C22_takes_no_inherited_name_for_a_claim", async () => {
  const payload = PAYLOAD.replace(
    "{",
    '{"__proto__":{"admin":true},"constructor":1,"toString":"x",',
  );
  const { claims: found } = await verify(await signRaw(HEADER, payload));
  assert.equal((found as { admin?: unknown }).admin, undefined);
  assert.equal(({} as { admin?: unknown }).admin, undefined);
  assert.ok(Object.hasOwn(found, "toString"));
  for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
    const { verifier } = await bench({ requiredClaims: [name] });
    await refused(verifier.verify(await sign()), `claim.${name}`);
  }
  assert.equal(base64url("{}"), "e30");
});

edge("edge_A5_takes_a_long_token_for_which_memory_has_to_grow", async () => {
  const { verifier } = await bench({ maxTokenBytes: 1_048_576 });
  await verifier.verify(await sign());
  for (const length of [100_000, 300_000, 700_000]) {
    const { claims: read } = await verifier.verify(
      await sign(claims({ long: "x".repeat(length) })),
    );
    assert.equal(String(read["long"]).length, length);
  }
});
