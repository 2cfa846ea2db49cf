// Checks the options that tell where things are.

import { invalid } from "./checks.js";

/**
 * What relative addresses count from, as for `fetch`: the document's base, in a worker the worker's
 * own address. On a server there is neither.
 */
export const ownBase = (): string | undefined =>
  globalThis.document?.baseURI ?? globalThis.location?.href;

/**
 * The address as it is sent to. Where there is no base, a relative address stays as it is: a keep
 * that only renders sends nothing.
 */
export function absolute(option: string, url: string | URL, base: string | undefined): string {
  if (typeof url !== "string" && !(url instanceof URL))
    throw invalid(option, "must be a URL or an object with one");
  let address: URL;
  try {
    address = new URL(url, base);
  } catch (cause) {
    if (base === undefined && typeof url === "string" && isRelative(url)) return url;
    throw invalid(option, "is no URL", cause);
  }
  if (!isHttp(address) || address.username || address.password)
    throw invalid(option, "must be an http(s) URL without user name and password");
  address.hash = "";
  return address.href;
}

/** An address up to its query. */
export const bare = (url: string): string => url.replace(/[?#].*/s, "");

export const originOf = (url: string): string => new URL(url).origin;

function isHttp(url: URL | null): url is URL {
  return /^https?:/.test(url?.href ?? "");
}

export function isRelative(url: string): boolean {
  return /^[./]/.test(url);
}

/** The listed origins, each as `URL.origin` writes it. Left out: the page's own. */
export function listed(option: string, given: readonly string[] | undefined): readonly string[] {
  if (given === undefined) {
    // In a `srcdoc` frame `location.origin` is "null".
    const own = globalThis.origin ?? globalThis.location?.origin;
    return URL.canParse(own) ? [own] : [];
  }
  if (!Array.isArray(given)) throw invalid(option, "must be a list");
  return given.map((entry: unknown) => {
    const url = typeof entry === "string" && URL.canParse(entry) ? new URL(entry) : null;
    // An address of an origin has no path, query or user name.
    if (!isHttp(url) || url.href !== `${url.origin}/` || /[*?#@\\\s]/.test(entry as string))
      throw invalid(option, `must hold origins such as "https://api.example.com"`);
    return url.origin;
  });
}
