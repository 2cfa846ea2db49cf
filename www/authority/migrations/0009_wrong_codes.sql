-- How many wrong codes of a second factor a session has been told since its last right one.

ALTER TABLE families ADD COLUMN wrong_codes INTEGER NOT NULL DEFAULT 0;
