// Takes the token out of a request: out of `Authorization` (RFC 6750 section 2.1, RFC 9449 section
// 7.1), or out of what `Policy.token` names. Addresses and bodies are not looked at.

import { invalidOption } from "../options/invalid.js";
import { silence } from "../options/own.js";
import { readMembers } from "../options/read.js";
import type { Policy } from "../result/verified.js";
import { VerifyError } from "./error.js";

/** RFC 9110 section 5.6.2: the name of a header, and of a cookie. */
const NAME = /^[!#$%&'*+.^_`|~\w-]+$/;

export function isName(given: unknown): boolean {
  return typeof given === "string" && NAME.test(given);
}

/** Whether it is one of whatever realm, or looks like one. */
export function isRequest(given: unknown): given is Request {
  try {
    return typeof (given as Request).headers.get === "function";
  } catch {
    return false;
  }
}

/** A copy of `Policy.token`. */
export function readToken(given: unknown): unknown {
  if (given === undefined || typeof given === "function") return given;
  const place = readMembers("policy.token", given as { header?: unknown; cookie?: unknown }, [
    "header",
    "cookie",
  ]);
  const names = Object.values(place).filter((name) => name !== undefined);
  if (names.length !== 1 || !names.every(isName))
    throw invalidOption("policy.token", "must name a header or a cookie");
  return place;
}

/**
 * The token of a request, or null when it has none. `takesDpop`: it may come with that scheme.
 * `readsPadding`: some issuer pads base64url.
 *
 * @throws {VerifyError} request.malformed for anything else than one token
 */
export function tokenOf(
  request: Request,
  { token: place }: Policy,
  takesDpop: boolean,
  readsPadding: boolean,
): string | null {
  if (place === undefined) {
    const isPadded = readsPadding && PADDED.test(request.headers.get("Authorization") ?? "");
    const usual = takesDpop ? BEARER_OR_DPOP : BEARER;
    return headerToken(request, "Authorization", isPadded ? PADDED : usual);
  }
  if (typeof place === "function") return foundBy(place, request);
  const { header, cookie } = place as { header?: string; cookie: string };
  return header === undefined
    ? cookieToken(request, cookie)
    : headerToken(request, header, BEARER_OR_BARE);
}

/** Whether the token of a request comes with the scheme DPoP. */
export function isWithDpop({ headers }: Request, { token: place }: Policy): boolean {
  return place === undefined && /^dpop( |$)/i.test(headers.get("Authorization") ?? "");
}

const BEARER = /^bearer +([\w.~+/-]+=*)$/i;
const BEARER_OR_DPOP = /^(?:bearer|dpop) +([\w.~+/-]+=*)$/i;
/** RFC 6750 has no padding inside a token. */
const PADDED = /^bearer +((?:[\w-]+={0,2}\.){2}[\w-]+={0,2})$/i;
/** Proxies write the token alone into headers of their own; some write the scheme before it. */
const BEARER_OR_BARE = /^(?!bearer$)(?:bearer +)?([\w.~+/=-]+)$/i;
/** RFC 6265 section 4.1.1: a value may stand in quotes. An empty one is how a cookie is cleared. */
const COOKIE = /^("?)([\w.~+/=-]*)\1$/;

function headerToken({ headers }: Request, name: string, form: RegExp): string | null {
  // The platform joins two headers by a comma. No token has one.
  const value = headers.get(name);
  return value === null ? null : captured(form, value);
}

function captured(form: RegExp, text: string): string {
  const token = form.exec(text)?.at(-1);
  if (token === undefined) throw new VerifyError("request.malformed");
  return token;
}

/** Characters. Workers take 128 KB of headers, and Node 16 KB. */
const MOST_OF_COOKIES = 131_072;

function cookieToken({ headers }: Request, name: string): string | null {
  const header = headers.get("Cookie") ?? "";
  if (header.length > MOST_OF_COOKIES) throw new VerifyError("request.malformed");
  // No `trim`: it takes away characters that a browser has let pass as part of another name.
  const values = header.split(/; ?/).flatMap((pair) => {
    const at = pair.indexOf("=");
    return at > 0 && pair.slice(0, at) === name ? [pair.slice(at + 1)] : [];
  });
  if (values.length > 1) throw new VerifyError("request.malformed");
  const [value = ""] = values;
  return captured(COOKIE, value) || null;
}

/** By a function of the application. Its throw is the request's fault, another type its own. */
function foundBy(find: (request: Request) => unknown, request: Request): string | null {
  let token: unknown;
  try {
    token = find(request);
  } catch (cause) {
    throw new VerifyError("request.malformed", { cause });
  }
  if (token === "") throw new VerifyError("request.malformed");
  if (token === null || typeof token === "string") return token;
  silence(token);
  throw invalidOption("policy.token", "must give a text or null");
}

/** Whether a browser asks if a call may be made (Fetch standard, CORS-preflight request). */
export function isPreflight({ method, headers }: Request): boolean {
  return method === "OPTIONS" && headers.has("Access-Control-Request-Method");
}
