-- The key ring of each tenant. The old table held private keys as plain text, so its keys are given
-- up; whoever has a token of theirs gets a new one by a refresh.

DROP TABLE signing_keys;

CREATE TABLE signing_keys (
  kid TEXT NOT NULL PRIMARY KEY,                   -- RFC 7638 thumbprint
  tenant_id TEXT NOT NULL,
  alg TEXT NOT NULL,
  public_jwk TEXT NOT NULL,
  private_jwk TEXT,                                -- sealed with a secret of the environment (sealing.ts); NULL from retirement on
  state TEXT NOT NULL CHECK (state IN ('next', 'active', 'retired')),
  since INTEGER NOT NULL,                          -- in this state, seconds since 1970
  retires_at INTEGER,                              -- when a retired key leaves the key set
  CHECK ((state = 'retired') = (private_jwk IS NULL)),
  CHECK ((state = 'retired') = (retires_at IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX one_next_signing_key ON signing_keys (tenant_id) WHERE state = 'next';
CREATE UNIQUE INDEX one_active_signing_key ON signing_keys (tenant_id) WHERE state = 'active';
