// Runs the contract kit against the reference authority and writes its table into
// docs/contract-kit.md. It exists so that the table there is what the command prints today; a test
// compares the two. Needs a built dist/. Takes half a minute, because it waits until a grace window
// is over. Alone: node kit/contract-table.mjs

import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asCommand, root, StepFailed } from "../scripts/lib/run.mjs";
import { startStack } from "../www/stack.mjs";

export const DOCUMENT = join(root, "docs", "contract-kit.md");
const BEGIN = "<!-- table: node kit/contract-table.mjs -->";
const END = "<!-- end of the table -->";

/** @typedef {{ id: string, result: string, expected: string, came: string, why: string }} Row */

/**
 * The command's rows for our authority with its default settings, and its exit code.
 * @returns {Promise<{ code: number | null, rows: readonly Row[] }>}
 */
export async function checkAuthority() {
  const stack = await startStack({ ports: { app: 0, authority: 0, api: 0 } });
  try {
    const body = JSON.stringify({ username: "alice", password: "correct horse battery" });
    const args = [
      stack.authority,
      "--origin",
      stack.app,
      "--sign-in",
      "session/sign-in",
      "--body",
      body,
      "--json",
    ];
    // Asynchronous, because the authority runs in this process.
    const child = spawn(process.execPath, [join(root, "dist", "contract.js"), ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (/** @type {string} */ text) => (printed += text));
    const code = await new Promise((resolve) => child.on("close", resolve));
    if (printed === "")
      throw new StepFailed(`tokenkeep-contract ended with ${code} and printed nothing.`);
    return { code, rows: JSON.parse(printed).rows };
  } finally {
    await stack.close();
  }
}

/** @param {readonly Row[]} rows */
export function tableOf(rows) {
  const lines = rows.map(({ id, expected, why, result, came }) => [
    `\`${id}\`<br>${expected}`,
    why,
    `${result}: ${came}`,
  ]);
  const cells = [
    ["what is expected", "where it is written, and why", "our authority"],
    ["---", "---", "---"],
    ...lines,
  ];
  return cells
    .map((line) => `| ${line.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}

/** The table in a document. @param {string} document */
export function tableIn(document) {
  const [, table, ...rest] = document.split(new RegExp(`${BEGIN}|${END}`));
  if (table === undefined || rest.length !== 1)
    throw new StepFailed("docs/contract-kit.md has not its two marks.");
  return table.trim();
}

await asCommand(import.meta.url, async () => {
  const { code, rows } = await checkAuthority();
  const document = readFileSync(DOCUMENT, "utf8");
  const marked = (/** @type {string} */ table) => `${BEGIN}\n\n${table}\n\n${END}`;
  writeFileSync(
    DOCUMENT,
    document.replace(marked(tableIn(document)), () => marked(tableOf(rows))),
  );
  console.log(`docs/contract-kit.md: ${rows.length} rows, exit code ${code}.`);
});
