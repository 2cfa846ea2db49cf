// The second way to sign in: a mediator in front of an OpenID provider. The Worker of the page
// hands /session on to it. Each session is a Durable Object.

import {
  createMediator,
  durableSessions,
  type Mediator,
  type SessionNamespace,
  storedSessions,
} from "tokenkeep/mediator";

export { SessionObject } from "tokenkeep/mediator";

export interface Env {
  /** The provider. */
  readonly ISSUER: string;
  readonly CLIENT_SECRET: string;
  /** The origin of the page. */
  readonly APP: string;
  /** Seals the sessions. */
  readonly SESSION_KEY: string;
  readonly SESSIONS: SessionNamespace;
}

let mediator: Mediator | undefined;

export default {
  fetch(request, { ISSUER, CLIENT_SECRET, APP, SESSION_KEY, SESSIONS }, context) {
    mediator ??= createMediator({
      provider: { issuer: ISSUER, scope: "openid profile offline_access" },
      client: { id: "web", auth: { method: "client_secret_basic", secret: CLIENT_SECRET } },
      url: `${APP}/session`,
      apps: [APP],
      sessions: storedSessions(durableSessions(SESSIONS), { keys: [SESSION_KEY] }),
    });
    return mediator.fetch(request, context);
  },
} satisfies ExportedHandler<Env>;
