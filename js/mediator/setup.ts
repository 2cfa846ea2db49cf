// What all parts of one mediator share.

import type { ExecutionContextLike } from "../edge/result/verified.js";
import { Sealing } from "../sealing.js";
import { placesOf } from "./cookies.js";
import { connect } from "./provider.js";
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

/** Tells the application. What its listener throws changes nothing. */
export type Report = (type: MediatorEvent["type"], about?: About) => void;

export type Setup = ReturnType<typeof setUp>;

/** The same, with its sessions: what an endpoint has. */
export interface Live extends Setup {
  readonly sessions: LiveSessions;
  /** Takes logout tokens, once there was one. It knows the provider's keys. */
  receive?: (request: Request, context?: ExecutionContextLike) => Promise<Response>;
}

export function setUp(settings: Settings) {
  const { name, client, provider, sessions, onEvent, clock } = settings;
  const sealing = new Sealing(sessions.secrets, [name, provider.issuer, client.client_id]);
  const report: Report = (type, { key, subject, code, ...more } = {}) => {
    const about = { session: key?.slice(0, 8) ?? null, subject: subject ?? null };
    try {
      onEvent?.({ type, at: clock(), ...about, ...(code ? { code } : {}), ...more });
    } catch {
      // It is the application's own to watch.
    }
  };
  return {
    settings,
    report,
    sealing,
    provider: connect(settings, report),
    places: placesOf(settings),
  };
}
