// Password hashes: scrypt (RFC 7914), stored as one text `$scrypt$ln=14,r=8,p=5$salt$hash` that
// holds its parameters. The scrypt of node:crypto is native in workerd, and takes less than half
// the time of one in JavaScript.

import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

interface Cost {
  /** log2 of N, the number of blocks. */
  ln: number;
  r: number;
  p: number;
}

// A hash takes 16 MiB, since a Worker has 128 MiB for everything. Five passes make up for it: OWASP
// lists this cost as equal to N = 2^17, p = 1.
const COST: Cost = { ln: 14, r: 8, p: 5 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/**
 * A hash of the usual cost that no known password has. A sign-in to an account that doesn't exist
 * is checked against it.
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
    // Normalised: keyboards differ in the bytes that they send for one password.
    scrypt(password.normalize("NFKC"), salt, HASH_BYTES, options, (error, hash) =>
      error ? reject(error) : resolve(hash),
    );
  });
}

function format({ ln, r, p }: Cost, salt: Buffer, hash: Buffer): string {
  const [saltText, hashText] = [salt.toString("base64url"), hash.toString("base64url")];
  return `$scrypt$ln=${ln},r=${r},p=${p}$${saltText}$${hashText}`;
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
