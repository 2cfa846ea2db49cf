import type { SessionStore } from "../store-types.js";
export interface SessionDatabase {
    prepare(sql: string): SessionStatement;
    batch(statements: never[]): Promise<unknown>;
}
export interface SessionStatement {
    bind(...values: unknown[]): SessionStatement;
    first(): Promise<Record<string, unknown> | null>;
    all(): Promise<{
        results: unknown[];
    }>;
}
declare const SCHEMA = "CREATE TABLE IF NOT EXISTS tokenkeep_sessions (\n  key TEXT PRIMARY KEY,\n  version INTEGER NOT NULL,\n  sealed TEXT NOT NULL,\n  lease INTEGER,\n  retry_at INTEGER,\n  names TEXT NOT NULL,\n  started_at INTEGER NOT NULL,\n  expires_at INTEGER NOT NULL\n);\nCREATE INDEX IF NOT EXISTS tokenkeep_sessions_end ON tokenkeep_sessions (expires_at);\nCREATE TABLE IF NOT EXISTS tokenkeep_session_names (\n  name TEXT NOT NULL,\n  key TEXT NOT NULL REFERENCES tokenkeep_sessions (key) ON DELETE CASCADE,\n  PRIMARY KEY (name, key)\n);\nCREATE INDEX IF NOT EXISTS tokenkeep_session_names_key ON tokenkeep_session_names (key);\n";
export declare function d1Sessions(database: SessionDatabase): SessionStore;
export declare namespace d1Sessions {
    export { SCHEMA as schema };
}
export {};
