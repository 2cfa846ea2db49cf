// Sealing: authenticated encryption of a text with AES-256-GCM. HKDF derives the key from a secret
// and a purpose, so that one secret can serve several purposes.

const IV_BYTES = 12;

/**
 * What a sealed text is bound to.
 * `secret` must be hard to guess by itself: at least 128 random bits. `context` names the row of
 * the text; for another row the seal does not open.
 */
export interface Seal {
  secret: string;
  purpose: string;
  context: string;
}

export async function seal(text: string, { secret, purpose, context }: Seal): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const sealed = await crypto.subtle.encrypt(
    parameters(iv, context),
    await keyFrom(secret, purpose),
    encode(text),
  );
  return Buffer.concat([iv, Buffer.from(sealed)]).toString("base64url");
}

/** @throws when secret, purpose or context differ, or the text was changed */
export async function unseal(sealed: string, { secret, purpose, context }: Seal): Promise<string> {
  const bytes = Buffer.from(sealed, "base64url");
  const opened = await crypto.subtle.decrypt(
    parameters(bytes.subarray(0, IV_BYTES), context),
    await keyFrom(secret, purpose),
    bytes.subarray(IV_BYTES),
  );
  return new TextDecoder().decode(opened);
}

async function keyFrom(secret: string, purpose: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", encode(secret), "HKDF", false, [
    "deriveKey",
  ]);
  const parameters = {
    name: "HKDF",
    hash: "SHA-256",
    salt: new Uint8Array(),
    info: encode(purpose),
  };
  return crypto.subtle.deriveKey(parameters, material, { name: "AES-GCM", length: 256 }, false, [
    "encrypt",
    "decrypt",
  ]);
}

function parameters(iv: Uint8Array, context: string) {
  return { name: "AES-GCM", iv, additionalData: encode(context) };
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
