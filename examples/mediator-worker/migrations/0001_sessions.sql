CREATE TABLE IF NOT EXISTS tokenkeep_sessions (
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
