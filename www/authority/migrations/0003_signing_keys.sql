-- The keys that sign access tokens. `next` and `retired` keys are published beside the active one,
-- so that a rotation can overlap; at most one key is active.

CREATE TABLE signing_keys (
  kid TEXT NOT NULL PRIMARY KEY,                   -- RFC 7638 thumbprint
  alg TEXT NOT NULL,
  public_jwk TEXT NOT NULL,
  private_jwk TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('next', 'active', 'retired')),
  created_at INTEGER NOT NULL                      -- seconds since 1970
) STRICT;

CREATE UNIQUE INDEX one_active_signing_key ON signing_keys (state) WHERE state = 'active';
