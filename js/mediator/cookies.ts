// The mediator's cookies: their names, how they are read, set and deleted. No script can read any
// of them, and browsers send them over a secure connection only.
//
// `__Host-Http-` begins with `__Host-`: browsers that don't know the longer prefix still demand
// Secure, the path "/" and no Domain.

/** Bytes of name and value together: what is longer browsers drop without a word. */
export const MOST_BYTES = 4_096;
/** Sign-ins that a browser may have under way. */
const MOST_TRANSACTIONS = 5;
/** Cookies over which a sealed session may stretch. */
const MOST_PARTS = 3;
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
  readonly #names: Readonly<Record<"session" | "end" | "idToken" | "transaction", string>>;
  readonly #sessionPath: string;
  readonly #endPath: string;

  constructor({ name, scope, path }: CookiePlaces) {
    const host = `__Host-Http-${name}`;
    this.#names = {
      session: scope === "host" ? host : `__Secure-${name}`,
      end: `${host}-end`,
      idToken: `__Secure-${name}-id`,
      transaction: `${host}-tx-`,
    };
    this.#endPath = `${path}/end`;
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

  /** A sealed session: the first of its cookies says how many there are. */
  sealedSession(sent: Sent): string | null {
    const [first, ...more] = this.#partNames;
    const begin = only(sent, first ?? "") ?? "";
    const parts = more.slice(0, Number(begin.charAt(0)) - 1).map((name) => only(sent, name));
    return begin === "" || parts.includes(null) ? null : begin.slice(1) + parts.join("");
  }

  /** What sets a sealed session, and deletes what was longer. Null: it does not fit. */
  setSealedSession(sent: Sent, value: string, seconds: number): string[] | null {
    const names = this.#partNames;
    const room = MOST_BYTES - Math.max(...names.map((name) => name.length));
    const count = Math.ceil((value.length + 1) / room);
    if (count > names.length) return null;
    const text = `${count}${value}`;
    return names
      .slice(0, count)
      .map((name, place) => {
        const part = text.slice(place * room, (place + 1) * room);
        return cookie(name, part, seconds, "Strict", this.#sessionPath);
      })
      .concat(this.deleteSealedSession(sent, count));
  }

  /** What deletes the cookies of a sealed session that the browser has; the first in any case. */
  deleteSealedSession(sent: Sent, from = 0): string[] {
    return this.#partNames
      .filter((name, place) => place >= from && (place === 0 || sent.some(([one]) => one === name)))
      .map((name) => cookie(name, "", 0, "Strict", this.#sessionPath));
  }

  get #partNames(): string[] {
    const { session } = this.#names;
    return Array.from({ length: MOST_PARTS }, (_, place) =>
      place === 0 ? session : `${session}.${place}`,
    );
  }

  /** The ID token beside a sealed session. It travels to `GET end` alone. */
  idToken(sent: Sent): string | null {
    return only(sent, this.#names.idToken);
  }

  /** Nothing: no browser would keep it. */
  setIdToken(value: string, seconds: number): string[] {
    const { idToken } = this.#names;
    if (idToken.length + value.length > MOST_BYTES) return [];
    return [cookie(idToken, value, seconds, "Strict", this.#endPath)];
  }

  deleteIdToken(): string[] {
    return this.setIdToken("", 0);
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
