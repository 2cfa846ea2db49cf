// The mediator's cookies: their names, and how they are read and set. No script can read any of
// them, and browsers send them over a secure connection only.
//
// `__Host-Http-` begins with `__Host-`: browsers that don't know the longer prefix still demand
// Secure, the path "/" and no Domain.

import type { Settings } from "./settings.js";

/** Bytes of name and value together: what is longer browsers drop without a word. */
export const MOST_BYTES = 4_096;

/** Names and values of a request's cookies, in order. */
export type Sent = readonly (readonly [name: string, value: string])[];

/** The cookies of a request (RFC 6265 section 4.2). */
export function cookiesOf({ headers }: Request): Sent {
  // A pair begins nowhere else: a long text without "=" would be read from each of its characters.
  const pairs = (headers.get("Cookie") ?? "").matchAll(/(?:^|;)([^=;]*)=([^;]*)/g);
  return Array.from(pairs, ([, name = "", value = ""]) => [name.trim(), value.trim()]);
}

/** A cookie of this name, and where browsers send it. */
function namedCookie(name: string, path = "/", sameSite = "Strict") {
  return {
    name,
    /** Its value; "" for none. Of two with one name, one is of somebody else: a subdomain, say. */
    in(sent: Sent): string {
      const found = sent.filter(([one]) => one === name);
      return found.length === 1 ? (found[0]?.[1] ?? "") : "";
    },
    /** Whether browsers keep it. */
    holds: (value: string) => name.length + value.length <= MOST_BYTES,
    /** The header that sets it; without a value, the one that deletes it. */
    set(value = "", seconds = 0): readonly ["Set-Cookie", string] {
      const age = Math.ceil(seconds);
      const attributes = `Max-Age=${age}; Path=${path}; HttpOnly; Secure; SameSite=${sameSite}`;
      return ["Set-Cookie", `${name}=${value}; ${attributes}`];
    },
  };
}

export function cookiesFor({ name, isOfHost, path }: Settings) {
  const host = `__Host-Http-${name}`;
  return {
    /** A sealed session has further parts, of which each has an ending of its own. */
    session: (part = "") =>
      isOfHost
        ? namedCookie(host + part)
        : namedCookie(`__Secure-${name}${part}`, path.slice(0, -1) || "/"),
    /** From a logout to `GET end`. */
    end: namedCookie(`${host}-end`),
    /** The ID token beside a sealed session. It travels to `GET end` alone. */
    idToken: namedCookie(`__Secure-${name}-id`, `${path}end`),
    /** That of a sign-in under way. */
    transaction: (ending: string) => namedCookie(`${host}-tx-${ending}`, "/", "Lax"),
  };
}
