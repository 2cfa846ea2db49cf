-- A service proves who it is by an assertion, which counts once.

CREATE TABLE used_assertions (
  client_id TEXT NOT NULL,
  jti TEXT NOT NULL,
  expires_at INTEGER NOT NULL,                     -- seconds since 1970
  PRIMARY KEY (client_id, jti)
) STRICT;
