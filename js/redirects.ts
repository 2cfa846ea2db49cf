// The entry point `tokenkeep/redirects`: sign-in and sign-out by a redirect through
// `tokenkeep/mediator`. It takes the keep as an argument and holds nothing of the client's code.
// Importing it touches no global.

import type { Session, TokenKeep } from "./client/types.js";
import { ownMembers } from "./edge/options/own.js";
import type { SignInErrorCode } from "./mediator/sign-in-error.js";

export type { SignInErrorCode } from "./mediator/sign-in-error.js";

/** What is needed of a keep, so a test can stand in for it. */
export type RedirectingKeep = Pick<TokenKeep, "logout" | "session" | "signIn" | "start">;

/** What a sign-in asks of the provider, and where it returns. */
export interface SignInOptions {
  /** An address of the application. Default: the one that the page has now. */
  returnTo?: string;
  /** OpenID Connect Core 1.0 section 3.1.2.1, as the next four. */
  prompt?: "login" | "select_account" | "consent" | "none";
  loginHint?: string;
  acrValues?: readonly string[];
  /** Seconds since the user was last asked. */
  maxAge?: number;
  uiLocales?: string;
}

/** Where a sign-out returns, and how far it goes. */
export interface SignOutOptions {
  /** An address of the application. Default: the one that the page has now. */
  returnTo?: string;
  /** Whether the provider's own session ends too, on its page. Default true. */
  provider?: boolean;
}

/** The page's half of a sign-in by a redirect. */
export interface Redirects {
  /**
   * In place of `keep.start()`: picks up the session that a redirect has just begun, and takes its
   * mark out of the address bar. Siblings that are signed out join, and those of another user
   * change over. Where no redirect ended here it is `keep.start()`. Rejects as that does.
   */
  start(): Promise<Session>;
  /** Leaves the page. It rejects with a `TypeError` where `returnTo` is no address. */
  signIn(options?: SignInOptions): Promise<never>;
  /**
   * `keep.logout()`, then the provider's sign-out page, then back. Rejects with "logout_failed" as
   * `keep.logout()` does, and then the page stays.
   */
  signOut(options?: SignOutOptions): Promise<void>;
  /**
   * Why the last sign-in failed, once; null when it did not, and until `start()` is done.
   * `reference` is what the mediator's event has too.
   */
  takeError(): { code: SignInErrorCode; reference: string } | null;
}

const CODES: readonly string[] = [
  "cancelled",
  "expired",
  "interaction_required",
  "step_up_failed",
  "not_admitted",
  "no_refresh_token",
  "session_too_large",
  "provider_unavailable",
  "provider_error",
  "misconfigured",
] satisfies SignInErrorCode[];

/** Of the address: `tokenkeep=in`, or `tokenkeep=error.<code>.<reference>`. */
const MARK = "tokenkeep=";

/**
 * Signs users in and out through a mediator.
 *
 * ```ts
 * const auth = redirects(keep, { mediator: "https://app.example.com/session" });
 * const { status } = await auth.start();
 * if (status === "anonymous") await auth.signIn();
 * ```
 *
 * @param options `mediator`: where the browser reaches it, as its option `url` says; or an address
 *   that is relative to the page's.
 */
export function redirects(keep: RedirectingKeep, options: { mediator: string | URL }): Redirects {
  const mediator = String(ownMembers(options, ["mediator"]).mediator).replace(/\/$/, "");
  const endpoint = (name: string) => new URL(`${mediator}/${name}`, location.href);
  let starting: Promise<Session> | undefined;
  let failure: ReturnType<Redirects["takeError"]> = null;

  async function start(): Promise<Session> {
    const mark = takeMark();
    if (mark === "in") {
      // As a sign-in and no refresh: that alone tells the siblings of another user.
      const init = { method: "POST", headers: { "X-Requested-With": "XMLHttpRequest" } };
      const response = await keep.signIn(endpoint("refresh"), init).catch(() => null);
      if (response?.ok && keep.session.status === "authenticated") return keep.session;
    }
    let isIn = false;
    try {
      // A worker host sends no sign-in to the address of the refresh. Siblings join this way too.
      const session = await keep.start(mark === "in" ? { again: true } : {});
      isIn = session.status === "authenticated";
      return session;
    } finally {
      // Back, to a sign-in that was used: who is signed in has nothing to be told. A start without
      // a mark has nothing to say of what another start has found.
      failure = isIn ? null : (errorOf(mark) ?? failure);
    }
  }

  return {
    start() {
      // The mark is there once, and React's StrictMode starts twice.
      starting ??= start().finally(() => {
        starting = undefined;
      });
      return starting;
    },

    async signIn(options = {}) {
      const { returnTo, prompt, loginHint, acrValues, maxAge, uiLocales } = ownMembers(options, [
        "returnTo",
        "prompt",
        "loginHint",
        "acrValues",
        "maxAge",
        "uiLocales",
      ]);
      const page = endpoint("sign-in");
      const parameters = {
        return_to: addressOf(returnTo),
        prompt,
        login_hint: loginHint,
        acr_values: acrValues?.join(" "),
        max_age: maxAge,
        ui_locales: uiLocales,
      };
      for (const [name, value] of Object.entries(parameters))
        if (value !== undefined) page.searchParams.set(name, String(value));
      location.assign(page);
      // A page that the browser brings back from its back/forward cache goes on as it was.
      return new Promise<never>(() => undefined);
    },

    async signOut(options = {}) {
      const { returnTo, provider } = ownMembers(options, ["returnTo", "provider"]);
      const page = endpoint("end");
      page.searchParams.set("return_to", addressOf(returnTo));
      await keep.logout();
      if (provider !== false) location.assign(page);
      else if (returnTo !== undefined) location.assign(addressOf(returnTo));
    },

    takeError() {
      const taken = failure;
      failure = null;
      return taken;
    },
  };
}

/** @throws {TypeError} it is no address */
function addressOf(returnTo: string | undefined): string {
  return new URL(returnTo ?? withoutMark(), location.href).href;
}

/** The rest of the query stays as it is written. */
function withoutMark(): string {
  const { origin, pathname, search, hash } = location;
  const rest = search
    .slice(1)
    .split("&")
    .filter((pair) => !pair.startsWith(MARK))
    .join("&");
  return `${origin}${pathname}${rest && `?${rest}`}${hash}`;
}

/** What stands behind the mark, which leaves the address bar; null where there is none. */
function takeMark(): string | null {
  const mark = new URLSearchParams(location.search).get("tokenkeep");
  if (mark !== null) history.replaceState(routersState(), "", withoutMark());
  return mark;
}

/**
 * What the page's router keeps in the history, without `__NA`: by that Next.js knows its own calls.
 * It hears of no address that comes with it, and would later write the old one again.
 */
function routersState(): unknown {
  const state: unknown = history.state;
  if (typeof state !== "object" || state === null) return state;
  const { __NA: _own, ...rest } = state as Readonly<Record<string, unknown>>;
  return rest;
}

function errorOf(mark: string | null): ReturnType<Redirects["takeError"]> {
  const [, code = "", reference = ""] = /^error\.(\w+)\.(\w{8})$/.exec(mark ?? "") ?? [];
  return CODES.includes(code) ? { code: code as SignInErrorCode, reference } : null;
}
