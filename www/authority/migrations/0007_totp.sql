-- Second factors: one TOTP secret (RFC 6238) an account.

CREATE TABLE totp_secrets (
  account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
  secret TEXT,                                     -- sealed (sealing.ts); NULL until a code has confirmed the first one
  pending TEXT,                                    -- sealed; offered, and not confirmed yet
  last_step INTEGER NOT NULL DEFAULT 0             -- the time step of the newest code that was taken: no code counts twice
) STRICT;
