// Prints the SQL that adds an account to the authority's database. Reads the password from standard
// input. It exists because the authority has no sign-up: whoever deploys it adds the first
// accounts, and their hashes have to be made as the authority makes them. Alone: node
// www/account.mjs <username> <name> [--tenant main] [--operator] < password.txt > account.sql

import { randomUUID } from "node:crypto";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { tsImport } from "tsx/esm/api";
import { report, StepFailed } from "../scripts/lib/run.mjs";

const SHORTEST_PASSWORD = 12;

/** @param {string} value */
const quoted = (value) => `'${value.replaceAll("'", "''")}'`;

function argumentsOf() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        tenant: { type: "string", default: "main" },
        operator: { type: "boolean", default: false },
      },
    });
    const [username, name, ...rest] = positionals;
    if (username === undefined || name === undefined || rest.length > 0)
      throw new Error("Give a username and a name.");
    return { ...values, username, name };
  } catch (error) {
    throw new StepFailed(/** @type {Error} */ (error).message);
  }
}

async function printAccount() {
  const { username, name, tenant, operator } = argumentsOf();
  // Editors end a file with a line break, which is no part of the password.
  const password = (await text(process.stdin)).replace(/\r?\n$/, "");
  if (password.length < SHORTEST_PASSWORD)
    throw new StepFailed(`The password must have at least ${SHORTEST_PASSWORD} characters.`);
  /** @type {typeof import("./authority/passwords.ts")} */
  const { hashPassword } = await tsImport("./authority/passwords.ts", import.meta.url);
  const values = [
    randomUUID(),
    tenant,
    username,
    name,
    await hashPassword(password),
    JSON.stringify(operator ? ["operator"] : []),
  ];
  const columns = "id, tenant_id, username, name, password_hash, roles";
  console.log(`INSERT INTO accounts (${columns}) VALUES (${values.map(quoted).join(", ")});`);
}

try {
  await printAccount();
} catch (error) {
  report(error);
}
