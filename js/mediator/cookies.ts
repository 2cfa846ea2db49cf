// The mediator's cookies: their names, how they are read, set and deleted. No script can read any
// of them, and browsers send them over a secure connection only.
//
// `__Host-Http-` begins with `__Host-`: browsers that don't know the longer prefix still demand
// Secure, the path "/" and no Domain.

/** Bytes of name and value together: what is longer browsers drop without a word. */
export const MOST_BYTES = 4_096;
/** Sign-ins that a browser may have under way. */
const MOST_TRANSACTIONS = 5;
/** Seconds that a sign-in may take. */
export const TRANSACTION_SECONDS = 600;
/** Seconds from a logout to `GET end`. */
const END_SECONDS = 60;

export interface CookiePlaces {
  readonly name: string;
  /** Where the session's cookie goes: to all of the host, or to the mediator alone. */
  readonly scope: "host" | "mediator";
  /** The mediator's path. */
  readonly path: string;
}

/** Names and values of a request's cookies, in order. */
export type Sent = readonly (readonly [name: string, value: string])[];

export class Cookies {
  readonly #names: { readonly session: string; readonly end: string; readonly transaction: string };
  readonly #sessionPath: string;

  constructor({ name, scope, path }: CookiePlaces) {
    const host = `__Host-Http-${name}`;
    this.#names = {
      session: scope === "host" ? host : `__Secure-${name}`,
      end: `${host}-end`,
      transaction: `${host}-tx-`,
    };
    this.#sessionPath = scope === "host" || path === "" ? "/" : path;
  }

  /** The cookie of the session, or null where there is none, or two. */
  session(sent: Sent): string | null {
    return only(sent, this.#names.session);
  }

  setSession(value: string, seconds: number): string {
    return cookie(this.#names.session, value, seconds, "Strict", this.#sessionPath);
  }

  deleteSession(): string {
    return this.setSession("", 0);
  }

  end(sent: Sent): string | null {
    return only(sent, this.#names.end);
  }

  /** Null: no browser would keep it. */
  setEnd(value: string): string | null {
    const { end } = this.#names;
    return end.length + value.length > MOST_BYTES ? null : cookie(end, value, END_SECONDS);
  }

  deleteEnd(): string {
    return cookie(this.#names.end, "", 0);
  }

  /** A transaction's name begins with its second, so that the oldest is known without opening. */
  setTransaction(sent: Sent, state: string, value: string, now: number): string[] {
    const prefix = this.#names.transaction;
    const living = sent.map(([name]) => name).filter((name) => name.startsWith(prefix));
    const second = (name: string) => Number.parseInt(name.slice(prefix.length), 36) || 0;
    living.sort((one, other) => second(other) - second(one));
    const name = `${prefix}${Math.floor(now / 1000).toString(36)}-${state.slice(0, 8)}`;
    return [
      cookie(name, value, TRANSACTION_SECONDS, "Lax"),
      ...living.slice(MOST_TRANSACTIONS - 1).map((old) => cookie(old, "", 0, "Lax")),
    ];
  }

  /** The transaction of this state, sealed, and what deletes it. */
  transaction(sent: Sent, state: string): { value: string; deleted: string } | null {
    const [name, value] =
      sent.find(
        ([name]) =>
          name.startsWith(this.#names.transaction) && name.endsWith(`-${state.slice(0, 8)}`),
      ) ?? [];
    if (name === undefined || value === undefined) return null;
    return { value, deleted: cookie(name, "", 0, "Lax") };
  }
}

/** The cookies of a request (RFC 6265 section 4.2). */
export function cookiesOf(request: Request): Sent {
  const header = request.headers.get("Cookie") ?? "";
  return header.split(";").flatMap((pair) => {
    const equals = pair.indexOf("=");
    return equals < 0 ? [] : [[pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()]];
  });
}

/** Of two with one name, one is of somebody else: a subdomain, say. */
function only(sent: Sent, wanted: string): string | null {
  const values = sent.filter(([name]) => name === wanted).map(([, value]) => value);
  return values.length === 1 ? (values[0] ?? null) : null;
}

function cookie(
  name: string,
  value: string,
  seconds: number,
  sameSite: "Strict" | "Lax" = "Strict",
  path = "/",
): string {
  return (
    `${name}=${value}; Max-Age=${seconds}; Path=${path}; ` +
    `HttpOnly; Secure; SameSite=${sameSite}`
  );
}
