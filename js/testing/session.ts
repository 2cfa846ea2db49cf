// The session of a fake keep: the snapshot, what changes it, and who is told.

import type { TokenKeepError } from "../client/error.js";
import { UNKNOWN } from "../client/session.js";
import type { Session, SignedOutReason, Transition } from "../client/types.js";
import type { Listeners } from "./listeners.js";
import type { Granted } from "./reply.js";
import { claimsOf, fakeToken } from "./token.js";
import type { FakeKeepOptions } from "./types.js";

/** Milliseconds that a token lasts that tells nothing else. Nothing happens when it ends. */
const LIFETIME = 900_000;
/** Milliseconds until the next try after a failure, as the session tells it. */
const RETRY = 1_000;

export class FakeSession {
  readonly #listeners: Listeners;
  readonly #transitions: Transition[] = [];
  #snapshot: Session;
  /** The token of this generation, where a reply brought it. */
  #granted: string | null = null;
  /** Whether the first session is still to be told of: at the start, as in a page. */
  #untold = true;
  /** Called when the status is no longer "unknown". */
  #waiting: (() => void)[] = [];

  constructor(options: FakeKeepOptions, listeners: Listeners) {
    this.#listeners = listeners;
    this.#snapshot = firstOf(options);
  }

  get snapshot(): Session {
    return this.#snapshot;
  }

  get transitions(): readonly Transition[] {
    return [...this.#transitions];
  }

  get token(): string {
    const { claims, generation } = this.#snapshot;
    if (this.#granted !== null) return this.#granted;
    return claims === null
      ? `fake-token-${generation}`
      : fakeToken({ ...claims, jti: `fake-${generation}` });
  }

  /** Is as a keep with these options is before its first use. */
  reset(options: FakeKeepOptions): void {
    this.#granted = null;
    this.change("reset", firstOf(options));
    this.#untold = true;
    this.#transitions.length = 0;
  }

  /** Waits while the session is unknown. The first time, it tells what a start tells. */
  async known(): Promise<void> {
    if (this.#snapshot.status === "unknown")
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (!this.#untold) return;
    const { status, generation } = this.#snapshot;
    this.change("started", {});
    if (status !== "authenticated") return;
    this.#listeners.emit("signed-in", { session: this.#snapshot });
    this.#listeners.emit("refreshed", { generation, by: "this-tab" });
  }

  change(event: string, members: Partial<Session>): void {
    const from = this.#snapshot.status;
    const session = Object.freeze({ ...this.#snapshot, ...members });
    this.#snapshot = session;
    this.#untold = false;
    const { status: to, generation } = session;
    this.#transitions.push({ at: Date.now(), event, from, to, generation });
    if (to !== "unknown") for (const go of this.#waiting.splice(0)) go();
    this.#listeners.emit("change", { session });
  }

  /** A session begins, or another user's follows one. */
  begin(claims: Session["claims"], members: Partial<Session> = {}, granted?: Granted): void {
    const { status, claims: before, generation } = this.#snapshot;
    this.#granted = granted?.token ?? null;
    const session = begun(generation + 1, claims, granted?.lifetime);
    this.change("signed-in", { ...session, reply: null, ...members });
    const event = { session: this.#snapshot };
    if (status !== "authenticated") this.#listeners.emit("signed-in", event);
    else if (isAnother(before?.["sub"], claims?.["sub"]))
      this.#listeners.emit("user-changed", event);
  }

  /** A refresh brought a new token. */
  renew(): void {
    const generation = this.#snapshot.generation + 1;
    this.#granted = null;
    this.change("refreshed", begun(generation, this.#snapshot.claims));
    this.#listeners.emit("refreshed", { generation, by: "this-tab" });
  }

  /** The application brought a new token of the same session. */
  slide({ token, lifetime }: Granted): void {
    this.#granted = token;
    this.change("adopted", begun(this.#snapshot.generation + 1, claimsOf(token), lifetime));
  }

  end(reason: SignedOutReason): void {
    const { status } = this.#snapshot;
    this.#granted = null;
    this.change(reason, ended(reason));
    if (status === "authenticated" || (status === "unknown" && reason === "logout"))
      this.#listeners.emit("signed-out", { reason });
  }

  /** A refresh failed with this error. */
  fail(error: TokenKeepError): void {
    const isOver = this.#snapshot.status === "anonymous";
    if (error.code === "refresh_rejected") {
      if (!isOver) this.end("rejected");
      return;
    }
    const members = { degraded: true, retryAt: Date.now() + RETRY, error };
    if (!isOver) this.change("refresh-failed", members);
    this.#listeners.emit("refresh-failed", { error, retryAt: this.#snapshot.retryAt });
  }
}

function firstOf({ claims, session }: FakeKeepOptions): Session {
  return Object.freeze({
    ...UNKNOWN,
    ...(claims === undefined ? ended("no-session") : begun(1, claims)),
    ...session,
  });
}

const healthy = { refreshing: false, degraded: false, retryAt: null, error: null } as const;

function begun(
  generation: number,
  claims: Session["claims"],
  lifetime = LIFETIME,
): Partial<Session> {
  return {
    ...healthy,
    status: "authenticated",
    generation,
    expiresAt: Date.now() + lifetime,
    claims: claims === null ? null : Object.freeze({ ...claims }),
    reason: null,
  };
}

function ended(reason: SignedOutReason): Partial<Session> {
  return {
    ...healthy,
    status: "anonymous",
    expiresAt: null,
    claims: null,
    reason,
    reply: null,
  };
}

/** Whether these are two users. An opaque token does not tell whose it is. */
function isAnother(before: unknown, now: unknown): boolean {
  return before !== undefined && now !== undefined && before !== now;
}
