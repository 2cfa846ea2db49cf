// The bindings of the authority's Worker, and the settings that are read from them.

import type { NonceBindings } from "../nonces.ts";
import { allowedOrigins } from "../origins.ts";
import type { TenantBindings } from "../tenants.ts";
import type { Limiter } from "./limiter.ts";

export interface AuthorityBindings extends TenantBindings, NonceBindings {
  DB: D1Database;
  /** Shared with the API, whose guard reads the revocations there. */
  SHARED: KVNamespace;
  /** The counters of limits.ts. */
  LIMITS: DurableObjectNamespace<Limiter>;
  /** The application's name in the tokens (`client_id`, RFC 9068). */
  CLIENT_ID: string;
  /** Origins of the application's pages, separated by commas. Exact: no patterns. */
  ALLOWED_ORIGINS: string;
  /** Lifetime of an access token. Default: 15 minutes. */
  ACCESS_TOKEN_SECONDS?: string;
  /** Lifetime of a session and of its refresh tokens. Default: 7 days. */
  SESSION_SECONDS?: string;
  /** How long a used refresh token still gives its successor. Default: 20 seconds; 0 for none. */
  GRACE_SECONDS?: string;
  /**
   * Seals the signing keys and the TOTP secrets. At least 32 characters that nobody can guess. A
   * new value opens nothing that the old one sealed.
   */
  KEY_ENCRYPTION_SECRET: string;
  /** Age at which the schedule replaces a signing key. Default: 30 days. */
  KEY_ROTATION_SECONDS?: string;
  /**
   * How long a retired key stays published. Default: the lifetime of an access token and a minute
   * for requests that are under way.
   */
  KEY_OVERLAP_SECONDS?: string;
  /** Services that may exchange users' tokens, as JSON: services.ts. Default: none. */
  SERVICES?: string;
  /**
   * Key sets of audiences whose tokens are encrypted, as JSON: encryption.ts. Default: none.
   */
  ENCRYPTION_KEYS?: string;
  /** "off" lifts the limits: for tests. */
  RATE_LIMITS?: string;
  /** The address that alerts are posted to, as JSON. Without it they are in the audit log only. */
  ALERT_WEBHOOK?: string;
  /** "on" mounts demo.ts around the authority. Never in production. */
  DEMO?: string;
}

export interface Settings {
  clientId: string;
  allowedOrigins: readonly string[];
  accessTokenSeconds: number;
  sessionSeconds: number;
  graceSeconds: number;
  keyEncryptionSecret: string;
  keyRotationSeconds: number;
  keyOverlapSeconds: number;
  rateLimits: boolean;
}

export function settingsFrom(bindings: AuthorityBindings): Settings {
  const accessTokenSeconds = seconds(
    "ACCESS_TOKEN_SECONDS",
    bindings.ACCESS_TOKEN_SECONDS,
    15 * 60,
    1,
  );
  return {
    clientId: bindings.CLIENT_ID,
    allowedOrigins: allowedOrigins(bindings),
    accessTokenSeconds,
    sessionSeconds: seconds("SESSION_SECONDS", bindings.SESSION_SECONDS, 7 * 24 * 60 * 60, 1),
    graceSeconds: seconds("GRACE_SECONDS", bindings.GRACE_SECONDS, 20, 0),
    keyEncryptionSecret: secret(bindings.KEY_ENCRYPTION_SECRET),
    keyRotationSeconds: seconds(
      "KEY_ROTATION_SECONDS",
      bindings.KEY_ROTATION_SECONDS,
      30 * 24 * 60 * 60,
      1,
    ),
    keyOverlapSeconds: seconds(
      "KEY_OVERLAP_SECONDS",
      bindings.KEY_OVERLAP_SECONDS,
      accessTokenSeconds + 60,
      1,
    ),
    rateLimits: bindings.RATE_LIMITS !== "off",
  };
}

/** Now, in the unit of JWTs and of the tables: whole seconds since 1970. */
export function secondsNow(): number {
  return Math.floor(Date.now() / 1000);
}

function seconds(name: string, text: string | undefined, fallback: number, least: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least)
    throw new Error(`${name} must be a whole number of seconds, ${least} or more`);
  return value;
}

function secret(text: string | undefined): string {
  if (text === undefined || text.length < 32)
    throw new Error("KEY_ENCRYPTION_SECRET must have at least 32 characters");
  return text;
}
