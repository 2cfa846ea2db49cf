// Password hashes: scrypt (RFC 7914), kept as one string `$scrypt$ln=14,r=8,p=5$salt$hash` that
// says how it was made. node:crypto's scrypt and not one in JavaScript: it runs native in workerd,
// in less than half the time at the same cost.

import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

interface Cost {
  /** log2 of N, the number of blocks. */
  ln: number;
  r: number;
  p: number;
}

// 16 MiB a hash, a Worker having 128 MiB for everything; five passes make up for it (OWASP lists
// this as equal to N = 2^17, p = 1).
const COST: Cost = { ln: 14, r: 8, p: 5 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/**
 * Of the usual cost, but no password is known to have it: what an account that doesn't exist is
 * checked against.
 */
export const NOBODYS_HASH = format(COST, Buffer.alloc(SALT_BYTES), Buffer.alloc(HASH_BYTES));

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  return format(COST, salt, await derive(password, salt, COST));
}

export async function matchesPassword(password: string, stored: string): Promise<boolean> {
  const { cost, salt, hash } = parse(stored);
  return timingSafeEqual(await derive(password, salt, cost), hash);
}

function derive(password: string, salt: Buffer, { ln, r, p }: Cost): Promise<Buffer> {
  const N = 2 ** ln;
  const options = { N, r, p, maxmem: 256 * N * r };
  return new Promise((resolve, reject) => {
    // Normalised, because one password can be typed as different bytes on different keyboards.
    scrypt(password.normalize("NFKC"), salt, HASH_BYTES, options, (error, hash) =>
      error ? reject(error) : resolve(hash),
    );
  });
}

function format({ ln, r, p }: Cost, salt: Buffer, hash: Buffer): string {
  return `$scrypt$ln=${ln},r=${r},p=${p}$${salt.toString("base64url")}$${hash.toString("base64url")}`;
}

const STORED = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w-]{22})\$([\w-]{43})$/;

function parse(stored: string): { cost: Cost; salt: Buffer; hash: Buffer } {
  const [, ln, r, p, salt, hash] = STORED.exec(stored) ?? [];
  if (salt === undefined || hash === undefined)
    throw new Error("a stored password hash is malformed");
  return {
    cost: { ln: Number(ln), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, "base64url"),
    hash: Buffer.from(hash, "base64url"),
  };
}
