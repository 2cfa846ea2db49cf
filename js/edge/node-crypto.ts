// In Node, Web Cryptography hands each signature to a thread and waits for it, which takes longer than the check. Node's own module checks
// with the same OpenSSL at once. Nothing is imported: other runtimes and bundlers need not know of it.

interface NodeCrypto {
  readonly constants: { readonly RSA_PKCS1_PSS_PADDING: number };
  createPublicKey(source: { key: JsonWebKey; format: "jwk" }): object;
  verify(hash: string | null, bytes: Uint8Array, key: object, signature: Uint8Array): boolean;
}

interface NodeProcess {
  readonly versions?: Readonly<Record<string, string>>;
  getBuiltinModule?(name: "node:crypto"): NodeCrypto;
}

/** Whether a signature over some bytes holds, said at once. */
export type Check = (bytes: Uint8Array, signature: Uint8Array) => boolean;

/** Of a key that Web Cryptography has imported. Null where there is none: anywhere but in Node, before Node 20.16, and for HS*. */
export function checkAtOnce(jwk: JsonWebKey, alg: string): Check | null {
  const crypto = nodeCrypto();
  if (crypto === null || alg.startsWith("HS")) return null;
  const hash = alg.startsWith("Ed") ? null : `sha${alg.slice(2)}`;
  const how = { ...howToCheck(alg, crypto), key: crypto.createPublicKey({ key: jwk, format: "jwk" }) };
  return (bytes, signature) => crypto.verify(hash, bytes, how, signature);
}

function howToCheck(alg: string, { constants }: NodeCrypto): object {
  switch (alg.slice(0, 2)) {
    case "PS":
      return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: Number(alg.slice(2)) / 8 };
    case "ES":
      return { dsaEncoding: "ieee-p1363" };
    default:
      return {};
  }
}

/** Others offer Node's modules too, but do not wait for a thread. */
function nodeCrypto(): NodeCrypto | null {
  const { process, navigator } = globalThis as { process?: NodeProcess; navigator?: { userAgent?: string } };
  const { node, bun, deno } = process?.versions ?? {};
  const isNode = node !== undefined && bun === undefined && deno === undefined && navigator?.userAgent !== "Cloudflare-Workers";
  return (isNode && process?.getBuiltinModule?.("node:crypto")) || null;
}
