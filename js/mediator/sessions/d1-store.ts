// Sessions in D1. Each change is one statement, and D1 runs one after the other: an update that
// names the version is the compare-and-set.

import type { SessionRecord, SessionStore } from "../store-types.js";
import type { SessionDatabase } from "./d1.js";

/** A few rows that are past their end go with each new one. */
const SWEEP = `DELETE FROM tokenkeep_sessions WHERE key IN
  (SELECT key FROM tokenkeep_sessions WHERE expires_at <= ? LIMIT 20)`;
const CREATE = "INSERT INTO tokenkeep_sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
const NAMES = "INSERT INTO tokenkeep_session_names SELECT value, ? FROM json_each(?)";
const READ = `SELECT version, sealed, lease, retry_at AS retryAt, names,
  started_at AS startedAt, expires_at AS expiresAt
  FROM tokenkeep_sessions WHERE key = ? AND expires_at > ?`;
const REPLACE = `UPDATE tokenkeep_sessions
  SET version = ?, sealed = ?, lease = ?, retry_at = ?, expires_at = ?
  WHERE key = ? AND version = ? AND expires_at > ? RETURNING key`;
const DELETE = "DELETE FROM tokenkeep_sessions WHERE key = ? RETURNING key";
const DELETE_NAMED = `DELETE FROM tokenkeep_sessions WHERE started_at <= ? AND key IN
  (SELECT key FROM tokenkeep_session_names WHERE name = ?) RETURNING key`;

/** The store in this database. */
export function storeIn(database: SessionDatabase): SessionStore {
  const statement = (sql: string, ...values: unknown[]) => database.prepare(sql).bind(...values);
  return {
    async create(key, { version, sealed, lease, retryAt, names, startedAt, expiresAt }) {
      const list = JSON.stringify(names);
      await database.batch([
        statement(SWEEP, Date.now()),
        statement(CREATE, key, version, sealed, lease, retryAt, list, startedAt, expiresAt),
        statement(NAMES, key, list),
      ] as never[]);
    },
    async read(key) {
      const row = await statement(READ, key, Date.now()).first();
      return row && ({ ...row, names: JSON.parse(String(row["names"])) } as SessionRecord);
    },
    async replace(key, was, { version, sealed, lease, retryAt, expiresAt }) {
      const row = [version, sealed, lease, retryAt, expiresAt];
      return (await statement(REPLACE, ...row, key, was, Date.now()).first()) !== null;
    },
    async delete(key) {
      await statement(DELETE, key).first();
    },
    async deleteNamed(name, startedUpTo = Number.MAX_SAFE_INTEGER) {
      return (await statement(DELETE_NAMED, startedUpTo, name).all()).results.length;
    },
  };
}
