// What all parts of one mediator share.

import type { Sealing } from "../sealing.js";
import type { Cookies } from "./cookies.js";
import type { Provider } from "./provider.js";
import type { Settings } from "./settings.js";
import type { MediatorEvent } from "./types.js";

export interface Setup {
  readonly settings: Settings;
  readonly provider: Provider;
  readonly sealing: Sealing;
  readonly cookies: Cookies;
  /** Tells the application. What its listener throws changes nothing. */
  report(type: MediatorEvent["type"], about: About): void;
}

export interface About {
  /** The session's key in the store. */
  readonly key?: string | null;
  readonly subject?: string | null;
  readonly code?: string | null;
  readonly reference?: string;
}

export function reporter({ onEvent, clock }: Settings): Setup["report"] {
  return (type, { key = null, subject = null, code = null, reference }) => {
    try {
      onEvent({
        type,
        at: clock(),
        session: key === null ? null : key.slice(0, 8),
        subject,
        ...(code === null ? {} : { code }),
        ...(reference === undefined ? {} : { reference }),
      });
    } catch {
      // It is the application's own to watch.
    }
  };
}
