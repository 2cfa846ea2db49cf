// Sessions in D1, as an application asks for them: the tables, and a store whose statements are
// loaded with its first call.

import { loadD1 } from "../../chunks.js";
import type { SessionStore } from "../store-types.js";
import { loadedStore } from "./loaded.js";

/** What is used of Cloudflare's `D1Database`. */
export interface SessionDatabase {
  /** A statement of this SQL. */
  prepare(sql: string): SessionStatement;
  /** Runs statements one after the other, all or none. */
  batch(statements: never[]): Promise<unknown>;
}
/** What is used of Cloudflare's `D1PreparedStatement`. */
export interface SessionStatement {
  /** The statement with these values. */
  bind(...values: unknown[]): SessionStatement;
  /** Its first row, or null. */
  first(): Promise<Record<string, unknown> | null>;
  /** All its rows. */
  all(): Promise<{ results: unknown[] }>;
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS tokenkeep_sessions (
  key TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  sealed TEXT NOT NULL,
  lease INTEGER,
  retry_at INTEGER,
  names TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS tokenkeep_sessions_end ON tokenkeep_sessions (expires_at);
CREATE TABLE IF NOT EXISTS tokenkeep_session_names (
  name TEXT NOT NULL,
  key TEXT NOT NULL REFERENCES tokenkeep_sessions (key) ON DELETE CASCADE,
  PRIMARY KEY (name, key)
);
CREATE INDEX IF NOT EXISTS tokenkeep_session_names_key ON tokenkeep_session_names (key);
`;

/** Makes a store in D1. */
export interface D1Sessions {
  /** The store in this database. */
  (database: SessionDatabase): SessionStore;
  /** The SQL that makes the tables. */
  readonly schema: string;
}

/**
 * Sessions in a D1 database. Make its tables by a migration with the SQL of `d1Sessions.schema`.
 * Rows that are past their end go as new ones come.
 */
export const d1Sessions: D1Sessions = /* @__PURE__ */ Object.assign(sessionsIn, { schema: SCHEMA });

function sessionsIn(database: SessionDatabase): SessionStore {
  return loadedStore(async () => (await loadD1()).storeIn(database));
}
