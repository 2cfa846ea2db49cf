// Sessions in D1. Each change is one statement, and D1 runs one after the other: an update that
// names the version is the compare-and-set.

import type { SessionRecord, SessionStore } from "../store-types.js";

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

/** Rows that are past their end, and go with a new one. */
const SWEPT = 20;

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

const CREATE = "INSERT INTO tokenkeep_sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
const NAME = "INSERT INTO tokenkeep_session_names VALUES (?, ?)";
const SWEEP = `DELETE FROM tokenkeep_sessions WHERE key IN
  (SELECT key FROM tokenkeep_sessions WHERE expires_at <= ? LIMIT ${SWEPT})`;
const READ = "SELECT * FROM tokenkeep_sessions WHERE key = ? AND expires_at > ?";
const REPLACE = `UPDATE tokenkeep_sessions
  SET version = ?, sealed = ?, lease = ?, retry_at = ?, expires_at = ?
  WHERE key = ? AND version = ? AND expires_at > ? RETURNING key`;
const DELETE = "DELETE FROM tokenkeep_sessions WHERE key = ? RETURNING key";
const DELETE_NAMED = `DELETE FROM tokenkeep_sessions WHERE started_at <= ? AND key IN
  (SELECT key FROM tokenkeep_session_names WHERE name = ?) RETURNING key`;

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
  const statement = (sql: string, ...values: unknown[]) => database.prepare(sql).bind(...values);
  return {
    async create(key, record) {
      const { version, sealed, lease, retryAt, names, startedAt, expiresAt } = record;
      const row = [key, version, sealed, lease, retryAt, JSON.stringify(names)];
      const statements = [
        statement(SWEEP, Date.now()),
        statement(CREATE, ...row, startedAt, expiresAt),
        ...names.map((name) => statement(NAME, name, key)),
      ];
      await database.batch(statements as never[]);
    },
    async read(key) {
      const row = await statement(READ, key, Date.now()).first();
      if (row === null) return null;
      const { version, sealed, lease, retry_at, names, started_at, expires_at } = row;
      return {
        version,
        sealed,
        lease,
        retryAt: retry_at,
        names: JSON.parse(String(names)),
        startedAt: started_at,
        expiresAt: expires_at,
      } as SessionRecord;
    },
    async replace(key, version, record) {
      const { sealed, lease, retryAt, expiresAt } = record;
      const row = [record.version, sealed, lease, retryAt, expiresAt];
      return (await statement(REPLACE, ...row, key, version, Date.now()).first()) !== null;
    },
    async delete(key) {
      await statement(DELETE, key).first();
    },
    async deleteNamed(name, startedUpTo = Number.MAX_SAFE_INTEGER) {
      return (await statement(DELETE_NAMED, startedUpTo, name).all()).results.length;
    },
  };
}
