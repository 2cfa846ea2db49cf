// The functions of src/edge/mod.rs, and the bytes that go in and out beside them. A token is
// written straight into the wasm's memory, and what comes of it is looked at there: each copy less
// is a microsecond less.

import {
  algorithm,
  alive,
  code,
  describeKeys,
  digest,
  digestRest,
  expires,
  explain,
  follow,
  header,
  initSync,
  issued,
  issuer,
  kid,
  type NamedKey,
  namedKeys,
  notBefore,
  payloadAt,
  payloadLength,
  read,
  room as roomFor,
  signatureAt,
  signatureLength,
} from "../../build/edge/edge.js";

export type { KeyDescription, KeyDescriptions, NamedKey } from "../../build/edge/edge.js";

/** What `read` says, by the numbers of src/edge/mod.rs. */
export const UNFIT = 0;
export const FOREIGN = 1;
export const GOOD = 3;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Room for most tokens, so that it is asked for once. */
const USUAL_ROOM = 4_096;

/** What tokens are read by, as src/edge/mod.rs takes it. */
export interface Rules {
  readonly maxTokenBytes: number;
  readonly profile: number;
  readonly algorithms: number;
  readonly texts: string;
  readonly allowNoExpiry: boolean;
  /** Seconds; NaN for no `maxTokenAge`. */
  readonly clockTolerance: number;
  readonly maxTokenAge: number;
}

let memory: WebAssembly.Memory;
/** The rules that crossed last: most tokens are read by those of the one before. */
let followed: Rules | null = null;
/** Where a token goes. Memory that grows detaches it, and it is empty then. */
let room = new Uint8Array(0);
let roomAt = 0;

/** Puts a fresh instance behind all the functions here: generated glue knows but one at a time. */
export function instantiate(module: WebAssembly.Module): Core {
  memory = initSync({ module }).memory;
  room = new Uint8Array(0);
  followed = null;
  return core;
}

function reserve(bytes: number): void {
  if (room.length >= bytes) return;
  const size = Math.max(bytes, USUAL_ROOM);
  roomAt = roomFor(size);
  room = new Uint8Array(memory.buffer, roomAt, size);
}

const core = {
  algorithm,
  alive,
  code,
  describeKeys,
  digest,
  digestRest,
  expires,
  explain,
  header,
  issued,
  issuer,
  kid,
  notBefore,

  /**
   * Takes a token in, for `digest` and `read`. Its length; zero, which they refuse, for one that is
   * not ASCII.
   */
  take(token: string): number {
    reserve(token.length);
    const { written } = encoder.encodeInto(token, room);
    return written === token.length ? written : 0;
  },

  /**
   * The keys of a set that bear a `kid`. The set takes the place of the token. Throws a
   * `KeySetRefusal`.
   */
  namedKeys(set: Uint8Array): readonly NamedKey[] {
    reserve(set.length);
    room.set(set);
    return namedKeys(set.length);
  },

  /**
   * Reads the token that was taken in by some rules; `now` in seconds. `known` is the algorithm's
   * place when its header has passed under them before.
   */
  read(rules: Rules, length: number, now: number, known = -1): number {
    core.follow(rules);
    return read(length, now, known);
  },

  /** Makes sure that these are the rules that the wasm goes by. */
  follow(rules: Rules): void {
    if (rules === followed) return;
    const {
      maxTokenBytes,
      profile,
      algorithms,
      texts,
      allowNoExpiry,
      clockTolerance,
      maxTokenAge,
    } = rules;
    follow(maxTokenBytes, profile, algorithms, texts, allowNoExpiry, clockTolerance, maxTokenAge);
    followed = rules;
  },

  /**
   * The first bytes of the token that was taken in, where they lie: good until something is awaited
   * or the wasm is called again.
   */
  taken(length: number): Uint8Array<ArrayBuffer> {
    // Not of `room`: memory may have grown while the token was read.
    return new Uint8Array(memory.buffer as ArrayBuffer, roomAt, length);
  },

  /**
   * The signature of the token that was read, likewise; empty when its length alone says that it
   * can't hold.
   */
  signature(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(memory.buffer as ArrayBuffer, signatureAt(), signatureLength());
  },

  /** Its payload, likewise. */
  payload(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(memory.buffer as ArrayBuffer, payloadAt(), payloadLength());
  },

  /** Its claims, a JSON text that the wasm has checked. */
  claims(): string {
    return decoder.decode(core.payload());
  },
};

/**
 * What the wasm does. No instance is kept in it: whoever holds one goes on with the next after a
 * trap.
 */
export type Core = typeof core;
