// Sessions in D1. A row holds a record as JSON, of which SQLite reads the members. Each change is
// one statement, and D1 runs one after the other: an update that names the version is the
// compare-and-set.

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

const SCHEMA = `CREATE TABLE IF NOT EXISTS tokenkeep_sessions (
  key TEXT PRIMARY KEY,
  record TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS tokenkeep_sessions_end ON tokenkeep_sessions (record ->> 'expiresAt');
CREATE TABLE IF NOT EXISTS tokenkeep_session_names (
  name TEXT NOT NULL,
  key TEXT NOT NULL REFERENCES tokenkeep_sessions (key) ON DELETE CASCADE,
  PRIMARY KEY (name, key)
);
CREATE INDEX IF NOT EXISTS tokenkeep_session_names_key ON tokenkeep_session_names (key);
`;

/** A few rows that are past their end go with each new one. */
const SWEEP = `DELETE FROM tokenkeep_sessions WHERE key IN
  (SELECT key FROM tokenkeep_sessions WHERE record ->> 'expiresAt' <= ? LIMIT 20)`;
const CREATE = "INSERT INTO tokenkeep_sessions VALUES (?, ?)";
const NAMES = "INSERT INTO tokenkeep_session_names SELECT value, ? FROM json_each(?, '$.names')";
const READ = "SELECT record FROM tokenkeep_sessions WHERE key = ? AND record ->> 'expiresAt' > ?";
const REPLACE = `UPDATE tokenkeep_sessions SET record = ?
  WHERE key = ? AND record ->> 'expiresAt' > ? AND record ->> 'version' = ? RETURNING key`;
const DELETE = "DELETE FROM tokenkeep_sessions WHERE key = ? RETURNING key";
const DELETE_NAMED = `DELETE FROM tokenkeep_sessions WHERE record ->> 'startedAt' <= ? AND key IN
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
export const d1Sessions: D1Sessions = /* @__PURE__ */ Object.assign(storeIn, { schema: SCHEMA });

function storeIn(database: SessionDatabase): SessionStore {
  const statement = (sql: string, ...values: unknown[]) => database.prepare(sql).bind(...values);
  return {
    async create(key, record) {
      const json = JSON.stringify(record);
      await database.batch([
        statement(SWEEP, Date.now()),
        statement(CREATE, key, json),
        statement(NAMES, key, json),
      ] as never[]);
    },
    async read(key) {
      const row = await statement(READ, key, Date.now()).first();
      return row && (JSON.parse(String(row["record"])) as SessionRecord);
    },
    async replace(key, version, record) {
      const json = JSON.stringify(record);
      return (await statement(REPLACE, json, key, Date.now(), version).first()) !== null;
    },
    async delete(key) {
      await statement(DELETE, key).first();
    },
    async deleteNamed(name, startedUpTo = Number.MAX_SAFE_INTEGER) {
      return (await statement(DELETE_NAMED, startedUpTo, name).all()).results.length;
    },
  };
}
