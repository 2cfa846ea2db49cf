// Our own authority keeps the contract: every row passes, and the table in docs/contract-kit.md is
// what the command says today. Takes half a minute, nearly all of it waiting until a grace window
// is over.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { checkAuthority, DOCUMENT, tableIn, tableOf } from "../../kit/contract-table.mjs";

test("our authority keeps the contract as docs/contract-kit.md says", async () => {
  const { code, rows } = await checkAuthority();
  assert.deepEqual(
    rows.filter(({ result }) => result !== "pass"),
    [],
  );
  assert.equal(code, 0);
  const written = tableIn(readFileSync(DOCUMENT, "utf8"));
  assert.equal(
    tableOf(rows),
    written,
    "the table is old: node kit/contract-table.mjs writes a new one",
  );
});
