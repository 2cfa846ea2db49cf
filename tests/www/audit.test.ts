// The table of the audit log: it takes records and never changes or loses one.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { Miniflare } from "miniflare";

const MIGRATIONS = new URL("../../www/authority/migrations/", import.meta.url);
const RECORD =
  "INSERT INTO audit_log (tenant_id, at, event, severity) VALUES ('main', 1, 'sign_in', ?)";

let miniflare: Miniflare;
before(() => {
  miniflare = new Miniflare({
    modules: true,
    script: "export default {}",
    d1Databases: ["DB"],
    cf: false,
  });
});
after(() => miniflare.dispose());

test("the migrations keep the accounts, and make a log that refuses UPDATE and DELETE", async () => {
  const db = await miniflare.getD1Database("DB");
  for (const name of (await readdir(MIGRATIONS)).sort()) {
    await db.prepare(await readFile(new URL(name, MIGRATIONS), "utf8")).run();
    if (name.startsWith("0001")) {
      await db
        .prepare(
          "INSERT INTO accounts (id, username, name, password_hash) VALUES ('1', 'carol', 'Carol', 'x')",
        )
        .run();
    }
  }
  const carol = await db.prepare("SELECT tenant_id, username, roles FROM accounts").first();
  assert.deepEqual(carol, { tenant_id: "main", username: "carol", roles: "[]" });

  await db.prepare(RECORD).bind("low").run();
  await assert.rejects(db.prepare(RECORD).bind("dire").run(), /CHECK/);
  await assert.rejects(db.prepare("UPDATE audit_log SET event = 'nothing'").run(), /append-only/);
  await assert.rejects(db.prepare("DELETE FROM audit_log").run(), /append-only/);
  await assert.rejects(
    db
      .prepare(
        "INSERT OR REPLACE INTO audit_log (id, tenant_id, at, event, severity) VALUES (1, 'main', 2, 'x', 'low')",
      )
      .run(),
    /append-only/,
  );
  assert.deepEqual(await db.prepare("SELECT event FROM audit_log").raw(), [["sign_in"]]);
});
