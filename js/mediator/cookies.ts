// The mediator's cookies: their names, and how they are read and set. No script can read any of
// them, and browsers send them over a secure connection only.
//
// `__Host-Http-` begins with `__Host-`: browsers that don't know the longer prefix still demand
// Secure, the path "/" and no Domain.

import type { Settings } from "./settings.js";

/** Bytes of name and value together: what is longer browsers drop without a word. */
export const MOST_BYTES = 4_096;

/** A cookie's name, and where browsers send it. */
export interface CookiePlace {
  readonly name: string;
  readonly path: string;
  readonly sameSite: "Strict" | "Lax";
}

export type CookiePlaces = ReturnType<typeof placesOf>;

export function placesOf({ name, scope, path }: Pick<Settings, "name" | "scope" | "path">) {
  const host = { name: `__Host-Http-${name}`, path: "/", sameSite: "Strict" } as const;
  return {
    session: scope === "host" ? host : { ...host, name: `__Secure-${name}`, path: path || "/" },
    /** From a logout to `GET end`. */
    end: { ...host, name: `${host.name}-end` },
    /** The ID token beside a sealed session. It travels to `GET end` alone. */
    idToken: { ...host, name: `__Secure-${name}-id`, path: `${path}/end` },
    /** The beginning of each transaction's name. */
    transaction: { ...host, name: `${host.name}-tx-`, sameSite: "Lax" },
  } as const;
}

/** Names and values of a request's cookies, in order. */
export type Sent = readonly (readonly [name: string, value: string])[];

/** The cookies of a request (RFC 6265 section 4.2). */
export function cookiesOf({ headers }: Request): Sent {
  return (headers.get("Cookie") ?? "").split(";").flatMap((pair) => {
    const [, name = "", value = ""] = /^(.*?)=(.*)$/s.exec(pair) ?? [];
    return [[name.trim(), value.trim()]];
  });
}

/** "" for none. Of two with one name, one is of somebody else: a subdomain, say. */
export function cookieIn(sent: Sent, { name }: CookiePlace): string {
  const [found, ...others] = sent.filter(([one]) => one === name);
  return (others.length === 0 && found?.[1]) || "";
}

/** The header that sets a cookie; without a value, the one that deletes it. */
export function cookie(
  { name, path, sameSite }: CookiePlace,
  value = "",
  seconds = 0,
): readonly ["Set-Cookie", string] {
  const attributes = `Max-Age=${seconds}; Path=${path}; HttpOnly; Secure; SameSite=${sameSite}`;
  return ["Set-Cookie", `${name}=${value}; ${attributes}`];
}

/** Whether browsers keep it. */
export function isKept({ name }: CookiePlace, value: string): boolean {
  return name.length + value.length <= MOST_BYTES;
}
