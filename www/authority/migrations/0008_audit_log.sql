-- What happened, for the operator. Nothing refers to the accounts table: a record outlives the
-- account that it is about.

CREATE TABLE audit_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant_id TEXT NOT NULL,
  at INTEGER NOT NULL,                             -- seconds since 1970
  event TEXT NOT NULL,
  severity TEXT NOT NULL CHECK (severity IN ('low', 'medium', 'high')),
  account_id TEXT,
  session_id TEXT,
  device TEXT,
  detail TEXT                                      -- fixed words and ids, never what somebody typed
) STRICT;

CREATE INDEX audit_log_by_tenant ON audit_log (tenant_id, id);

-- Records are added and read. Who can run SQL of the own can still drop these triggers: send the
-- log elsewhere if that matters.
CREATE TRIGGER audit_log_is_never_changed BEFORE UPDATE ON audit_log
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER audit_log_is_never_shortened BEFORE DELETE ON audit_log
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- INSERT OR REPLACE would delete without asking the trigger above.
CREATE TRIGGER audit_log_is_never_rewritten BEFORE INSERT ON audit_log
WHEN EXISTS (SELECT 1 FROM audit_log WHERE id = NEW.id)
BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;
