// Cookies as a browser understands them, as far as the checks need it: the parts of Set-Cookie, and
// whether a cookie's path covers a URL (RFC 6265 sections 5.1.4 and 5.2).

export interface SetCookie {
  readonly name: string;
  readonly value: string;
  readonly httpOnly: boolean;
  readonly secure: boolean;
  /** As it was written; null without the attribute. */
  readonly sameSite: string | null;
  /** The directory of the URL when the attribute is missing, as browsers have it. */
  readonly path: string;
  readonly domain: string | null;
  /** True when it tells the browser to forget the cookie. */
  readonly deletes: boolean;
}

/** Null for a line without a name. The last of several equal attributes counts, as in browsers. */
export function readSetCookie(line: string, url: URL, now: number): SetCookie | null {
  const [pair = "", ...rest] = line.split(";");
  const equals = pair.indexOf("=");
  const name = pair.slice(0, equals).trim();
  if (equals < 0 || name === "") return null;
  const attributes = new Map<string, string>();
  for (const text of rest) {
    const at = text.indexOf("=");
    const [key, value] = at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
    attributes.set(key.trim().toLowerCase(), value.trim());
  }
  const path = attributes.get("path");
  return {
    name,
    value: pair.slice(equals + 1).trim(),
    httpOnly: attributes.has("httponly"),
    secure: attributes.has("secure"),
    sameSite: attributes.get("samesite") ?? null,
    path: path?.startsWith("/") === true ? path : defaultPath(url),
    domain: attributes.get("domain") || null,
    deletes: isPast(attributes.get("max-age"), attributes.get("expires"), now),
  };
}

function defaultPath({ pathname }: URL): string {
  return pathname.slice(0, Math.max(1, pathname.lastIndexOf("/")));
}

/** Max-Age takes precedence over Expires. */
function isPast(maxAge: string | undefined, expires: string | undefined, now: number): boolean {
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Number(maxAge) <= 0;
  return expires !== undefined && Date.parse(expires) <= now;
}

export function covers(cookiePath: string, { pathname }: URL): boolean {
  if (!pathname.startsWith(cookiePath)) return false;
  return (
    pathname.length === cookiePath.length ||
    cookiePath.endsWith("/") ||
    pathname[cookiePath.length] === "/"
  );
}

/**
 * One browser's cookies for one backend. Ignores Secure, because the checks may run over http on
 * one machine.
 */
export class Jar {
  readonly #cookies = new Map<string, { value: string; path: string }>();

  get names(): readonly string[] {
    return [...this.#cookies.keys()];
  }

  value(name: string): string | null {
    return this.#cookies.get(name)?.value ?? null;
  }

  put(name: string, value: string, path = "/"): void {
    this.#cookies.set(name, { value, path });
  }

  keep(cookies: readonly SetCookie[]): void {
    for (const { name, value, path, deletes } of cookies) {
      if (deletes) this.#cookies.delete(name);
      else this.put(name, value, path);
    }
  }

  /**
   * The Cookie header for a URL; null when there is nothing to send. `value` replaces the value of
   * the cookie `name`, and null leaves that cookie out.
   */
  header(url: URL, name?: string, value?: string | null): string | null {
    const pairs = [...this.#cookies]
      .filter(([, { path }]) => covers(path, url))
      .map(([key, kept]) => [key, kept.value] as const);
    const sent = name === undefined ? pairs : pairs.filter(([key]) => key !== name);
    if (name !== undefined && value != null) sent.push([name, value]);
    return sent.length === 0 ? null : sent.map(([key, kept]) => `${key}=${kept}`).join("; ");
  }
}
