// What the authority is told from outside: the Worker's bindings, and the settings read from them.

export interface AuthorityBindings {
  DB: D1Database;
  /** The `iss` of every token, and where verifiers find the key set: an origin, without a slash at its end. */
  ISSUER: string;
  /** The `aud` of every token: the API that it is for. */
  AUDIENCE: string;
  /** The application's name in the tokens (`client_id`, RFC 9068). */
  CLIENT_ID: string;
  /** Origins of the application's pages, separated by commas. Exact: no patterns. */
  ALLOWED_ORIGINS: string;
  /** Lifetime of an access token. Default: 15 minutes. */
  ACCESS_TOKEN_SECONDS?: string;
  /** Lifetime of a session, thus of its refresh tokens. Default: 7 days. */
  SESSION_SECONDS?: string;
  /** "on" mounts demo.ts around the authority. Never in production. */
  DEMO?: string;
}

export interface Settings {
  issuer: string;
  audience: string;
  clientId: string;
  allowedOrigins: readonly string[];
  accessTokenSeconds: number;
  sessionSeconds: number;
}

export function settingsFrom(bindings: AuthorityBindings): Settings {
  return {
    issuer: bindings.ISSUER,
    audience: bindings.AUDIENCE,
    clientId: bindings.CLIENT_ID,
    allowedOrigins: bindings.ALLOWED_ORIGINS.split(",").map((origin) => origin.trim()),
    accessTokenSeconds: seconds("ACCESS_TOKEN_SECONDS", bindings.ACCESS_TOKEN_SECONDS, 15 * 60),
    sessionSeconds: seconds("SESSION_SECONDS", bindings.SESSION_SECONDS, 7 * 24 * 60 * 60),
  };
}

/** Now, in the unit of JWTs and of the tables: whole seconds since 1970. */
export function secondsNow(): number {
  return Math.floor(Date.now() / 1000);
}

function seconds(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name} must be a whole number of seconds above zero`);
  return value;
}
