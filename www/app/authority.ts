// The authority's routes that the application itself calls: a person's own sessions and second
// factor by cookie, the operator's by access token. Sign-in, refresh and logout are the keep's.

import type { TokenKeep } from "tokenkeep";

export interface OwnSession {
  readonly id: string;
  readonly current: boolean;
  /** Seconds since 1970, like the next member. */
  readonly startedAt: number;
  readonly lastUsedAt: number;
  readonly device: string;
}

export interface Enrolment {
  /** base32 */
  readonly secret: string;
  /** otpauth://… */
  readonly uri: string;
}

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly state: "next" | "active" | "retired";
  /** Seconds since 1970, like the next member, which says when the key leaves the key set. */
  readonly since: number;
  readonly retiresAt: number | null;
}

export interface AuditRecord {
  readonly id: number;
  /** Seconds since 1970. */
  readonly at: number;
  readonly event: string;
  readonly severity: string;
  readonly user: string | null;
  readonly session: string | null;
  readonly device: string | null;
  readonly detail: string | null;
}

/** The authority refused: its code, and how long to wait if it asks for that. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    readonly retryAfter: number | null,
  ) {
    super(`The authority answered ${status} (${code}).`);
  }
}

/** What every call by cookie has: credentials, and the header that no form can send. */
export function withCookie(body: object): RequestInit {
  return {
    method: "POST",
    credentials: "include",
    headers: { "Content-Type": "application/json", "X-Requested-With": "XMLHttpRequest" },
    body: JSON.stringify(body),
  };
}

/** Returns the answer if its status is good. */
export async function orRefusal(answer: Promise<Response>): Promise<Response> {
  const response = await answer;
  if (response.ok) return response;
  const { error = "no_reason_given" } = (await response.json().catch(() => ({}))) as {
    error?: string;
  };
  const retryAfter = Number(response.headers.get("Retry-After") ?? NaN);
  throw new Refusal(error, response.status, Number.isFinite(retryAfter) ? retryAfter : null);
}

export interface Authority {
  sessions(): Promise<readonly OwnSession[]>;
  endSession(id: string): Promise<void>;
  /** Ends every session of the user, this one too. Call `logout()` of the keep afterwards. */
  logOutEverywhere(): Promise<void>;
  enrol(): Promise<Enrolment>;
  confirm(code: string): Promise<void>;
  /** Raises the session to two factors. The keep takes the token out of the reply. */
  stepUp(code: string): Promise<void>;
  keys(): Promise<readonly SigningKey[]>;
  rotateKeys(): Promise<void>;
  /** A token to act for the user with, for five minutes. */
  actFor(user: string): Promise<string>;
  /** The newest records, or those before the one with this id. */
  audit(before?: number): Promise<readonly AuditRecord[]>;
}

/** The routes under `base`, a tenant's address at the authority. */
export function authorityAt(base: string, keep: TokenKeep): Authority {
  const post = (path: string, body: object = {}) =>
    orRefusal(fetch(`${base}/session/${path}`, withCookie(body)));
  const operate = (path: string, init?: RequestInit) =>
    orRefusal(keep.fetch(`${base}/operator/${path}`, init));
  return {
    async sessions() {
      return ((await (await post("list")).json()) as { sessions: OwnSession[] }).sessions;
    },
    endSession: async (id) => void (await post("end", { id })),
    logOutEverywhere: async () => void (await post("logout-everywhere")),
    async enrol() {
      return (await (await post("totp/enrol")).json()) as Enrolment;
    },
    confirm: async (code) => void (await post("totp/confirm", { code })),
    stepUp: async (code) =>
      void (await orRefusal(keep.signIn(`${base}/session/step-up`, withCookie({ code })))),
    async keys() {
      return ((await (await operate("keys")).json()) as { keys: SigningKey[] }).keys;
    },
    rotateKeys: async () => {
      await operate("keys/rotate", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: "{}",
      });
    },
    async actFor(user) {
      const answer = await operate("act-for", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ user }),
      });
      return ((await answer.json()) as { access_token: string }).access_token;
    },
    async audit(before) {
      const query = before === undefined ? "limit=20" : `limit=20&before=${before}`;
      return ((await (await operate(`audit?${query}`)).json()) as { records: AuditRecord[] })
        .records;
    },
  };
}
