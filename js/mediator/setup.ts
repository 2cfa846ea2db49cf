// What all parts of one mediator share.

import { silence } from "../edge/options/own.js";
import type { ExecutionContextLike } from "../edge/result/verified.js";
import { Sealing } from "../shared/sealing.js";
import type { HeaderList } from "./answers.js";
import { cookiesFor } from "./cookies.js";
import { connect } from "./provider.js";
import { renewalsOf } from "./renewal.js";
import type { LiveSessions } from "./sessions.js";
import type { Settings } from "./settings.js";
import type { MediatorEvent } from "./types.js";

/** What an event is about. */
export interface About {
  /** The session's key in the store. */
  readonly key?: string | null;
  readonly subject?: string | null;
  readonly code?: string | null;
  readonly reference?: string;
  readonly origin?: string;
}

/** Tells the application. A listener that fails, now or later, changes nothing. */
export type Report = (type: MediatorEvent["type"], about?: About) => void;

/** What all parts of a mediator have. */
export type Setup = ReturnType<typeof setUp>;

/** The same, with its sessions: what an endpoint has. */
export interface Live extends Omit<Setup, "sessions"> {
  readonly sessions: LiveSessions;
  /** Takes logout tokens, once there was one. It knows the provider's keys. */
  receive?: (request: Request, context?: ExecutionContextLike) => Promise<Response>;
}

export function setUp(settings: Settings) {
  const { name, issuer, client, sessions, onEvent, clock } = settings;
  const sealing = new Sealing(sessions.secrets, [name, issuer, client.client_id]);
  const report: Report = (type, { key, subject = null, code, ...more } = {}) => {
    const session = key?.slice(0, 8) ?? null;
    try {
      silence(onEvent({ type, at: clock(), session, subject, ...(code && { code }), ...more }));
    } catch {
      // It is the application's own to watch.
    }
  };
  const provider = connect(settings, report);
  const cookies = cookiesFor(settings);
  return {
    ...settings,
    report,
    sealing,
    provider,
    cookies,
    ...renewalsOf(settings, provider),

    /**
     * Keeps an ID token for `GET end`. Where no cookie holds it, the one of an earlier session is
     * deleted.
     */
    async keepIdToken(idToken: string | null, seconds: number): Promise<HeaderList[number]> {
      const { holds, set } = cookies.idToken;
      const sealed = idToken === null ? "" : await sealing.seal(idToken, "end", "id");
      return sealed && holds(sealed) ? set(sealed, seconds) : set();
    },
  };
}
