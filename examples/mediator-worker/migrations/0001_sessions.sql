CREATE TABLE IF NOT EXISTS tokenkeep_sessions (
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
