-- Sessions, and the refresh tokens that carry them. All times are seconds since 1970.

-- A family is one sign-in: every refresh token that descends from it. Its id is the tokens' `sid`.
CREATE TABLE families (
  id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  started_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,                     -- fixed at sign-in; rotation never moves it
  revoked_at INTEGER,
  revoked_by TEXT CHECK (revoked_by IN ('logout', 'sign-in', 'reuse')),
  CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
) STRICT;

CREATE INDEX families_by_account ON families (account_id);
CREATE INDEX families_by_expiry ON families (expires_at);

-- A refresh token is used when another one names it as its predecessor, and it was used when that
-- one was issued. The UNIQUE is what makes rotation safe: of any number of parallel uses the
-- database lets one through.
CREATE TABLE refresh_tokens (
  hash TEXT NOT NULL PRIMARY KEY,                  -- SHA-256, base64url: the token itself is nowhere on this side
  family_id TEXT NOT NULL REFERENCES families (id) ON DELETE CASCADE,
  predecessor TEXT UNIQUE,                         -- a hash too; NULL for the first of a family
  issued_at INTEGER NOT NULL
) STRICT;

CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);
