-- The people who can sign in.

CREATE TABLE accounts (
  id TEXT NOT NULL PRIMARY KEY,                    -- the tokens' `sub`: opaque, never reused, says nothing about the person
  username TEXT NOT NULL UNIQUE COLLATE NOCASE,
  name TEXT NOT NULL,                              -- for display
  password_hash TEXT NOT NULL                      -- as passwords.ts writes it: algorithm, parameters, salt and hash in one string
) STRICT;
