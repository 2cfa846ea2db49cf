// Keys in PEM (RFC 7468) as a JSON Web Key Set. From a certificate the subject's public key is cut
// out, and nothing else in it counts. The platform reads the key. Whether it may be used is decided
// where key sets are read, in src/verify/jwk.rs, by the same rules as for any other key.

const PEM = /-----BEGIN (CERTIFICATE|PUBLIC KEY)-----([^-]+)-----END \1-----/;

/**
 * What is no key stays as a kid alone, and is passed over like any odd key of a set. Throws where
 * there is no key in any of them.
 */
export async function setOf(entries: readonly [kid: string, pem: string][]): Promise<object> {
  const keys = await Promise.all(
    entries.map(async ([kid, pem]) => ({ ...(await jwkOf(pem)), kid })),
  );
  if (!keys.some(({ kty }) => kty)) throw keys;
  return { keys };
}

async function jwkOf(pem: string): Promise<JsonWebKey> {
  const [, label, text = ""] = PEM.exec(pem) ?? [];
  // What it is taken for, one after the other, until the platform finds that it is so.
  for (const bits of [0, 256, 384, 521]) {
    const name = bits ? "ECDSA" : "RSASSA-PKCS1-v1_5";
    const kind = { name, namedCurve: `P-${bits}`, hash: "SHA-256" };
    try {
      const der = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
      const spki = label === "CERTIFICATE" ? subjectKeyOf(der) : der;
      const key = await crypto.subtle.importKey("spki", spki, kind, true, ["verify"]);
      // Not that of `kind`: the key may go with others.
      const { alg, ...members } = await crypto.subtle.exportKey("jwk", key);
      return members;
    } catch {}
  }
  return {};
}

/** The SubjectPublicKeyInfo of a certificate (RFC 5280 section 4.1). */
export function subjectKeyOf(der: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  let at = 0;
  // What lies behind the end is no number, and neither is what is reckoned with it.
  const next = () => der[at++] as number;
  /** Goes into the value that stands here, and says where it ends (X.690 section 8.1). */
  const enter = (tag: number): number => {
    const found = next();
    let length = next();
    if (length > 0x7f) {
      let bytes = length - 0x80;
      for (length = 0; bytes-- > 0; ) length = length * 256 + next();
    }
    if (found === tag && at + length <= der.length) return at + length;
    throw tag;
  };
  // The certificate, and what of it is signed.
  enter(0x30);
  enter(0x30);
  // The version, where it is not the first one.
  if (der[at] === 0xa0) at = enter(0xa0);
  // Serial number, signature algorithm, issuer, validity, subject.
  for (const tag of [0x02, 0x30, 0x30, 0x30, 0x30]) at = enter(tag);
  return der.slice(at, enter(0x30));
}
