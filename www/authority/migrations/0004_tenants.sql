-- Accounts belong to a tenant: one user name can be two people's in two tenants. SQLite can't widen
-- a UNIQUE, so the table is made anew; sessions hang on it by foreign keys and go first. Everybody
-- signs in again once.

DROP TABLE refresh_tokens;
DROP TABLE families;

CREATE TABLE accounts_with_tenant (
  id TEXT NOT NULL PRIMARY KEY,                    -- the tokens' `sub`: opaque, never reused, says nothing about the person
  tenant_id TEXT NOT NULL,
  username TEXT NOT NULL COLLATE NOCASE,
  name TEXT NOT NULL,                              -- for display
  password_hash TEXT NOT NULL,                     -- as passwords.ts writes it: algorithm, parameters, salt and hash in one string
  roles TEXT NOT NULL DEFAULT '[]',                -- JSON, an array of names
  signed_out_at INTEGER,                           -- the last time that all sessions were ended at once, seconds since 1970
  UNIQUE (tenant_id, username)
) STRICT;

INSERT INTO accounts_with_tenant (id, tenant_id, username, name, password_hash)
  SELECT id, 'main', username, name, password_hash FROM accounts;
DROP TABLE accounts;
ALTER TABLE accounts_with_tenant RENAME TO accounts;
