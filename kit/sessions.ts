// The sessions that the checks use up. Each comes from a sign-in, or from a cookie that the
// operator took out of a browser.

import type { Answer, Backend, Session } from "./backend.ts";
import { Jar } from "./cookies.ts";
import { quoted } from "./verdict.ts";

export interface SignIn {
  readonly url: URL;
  readonly body: string;
}

/** How to get sessions. `cookieName` is needed when a sign-in sets several cookies. */
export interface SessionSource {
  readonly signIn: SignIn | null;
  readonly cookies: readonly (readonly [name: string, value: string])[];
  readonly cookieName: string | null;
}

/** The checks can't begin. This says nothing about the backend. */
export class CannotBegin extends Error {
  override readonly name = "CannotBegin";
}

export class Sessions {
  /** The answer to the first sign-in. */
  signIn: Answer | null = null;
  readonly #backend: Backend;
  readonly #source: SessionSource;
  #taken = 0;

  constructor(backend: Backend, source: SessionSource) {
    this.#backend = backend;
    this.#source = source;
  }

  /** A session that nobody has used, or null when there is none left. */
  async next(): Promise<Session | null> {
    const { signIn, cookies } = this.#source;
    if (signIn !== null) return this.#signIn(signIn);
    const given = cookies[this.#taken];
    this.#taken += 1;
    if (given === undefined) return null;
    const jar = new Jar();
    jar.put(...given);
    return { jar, name: given[0], predecessor: null };
  }

  async #signIn({ url, body }: SignIn): Promise<Session> {
    const type = body.trimStart().startsWith("{")
      ? "application/json"
      : "application/x-www-form-urlencoded";
    const answer = await this.#backend.call("sign-in", url, {
      body,
      headers: { "Content-Type": type },
    });
    if (answer.status === 0) throw new CannotBegin(`The sign-in got no answer: ${answer.trouble}.`);
    // A form's sign-in ends with a redirect. The cookies of that answer count.
    const isRefused = answer.status >= 400 || (answer.status >= 300 && answer.cookies.length === 0);
    if (isRefused) throw new CannotBegin(`The sign-in was answered with ${answer.status}.`);
    this.signIn ??= answer;
    const jar = new Jar();
    jar.keep(answer.cookies);
    return { jar, name: this.#nameAmong(jar.names), predecessor: null };
  }

  #nameAmong(names: readonly string[]): string {
    const wanted = this.#source.cookieName;
    if (wanted === null ? names.length === 1 : names.includes(wanted))
      return wanted ?? names[0] ?? "";
    if (names.length === 0) throw new CannotBegin("The sign-in set no cookie.");
    const set = names.map(quoted).join(", ");
    throw new CannotBegin(
      `The sign-in set ${set}: say with --cookie-name which of them carries the session.`,
    );
  }
}
