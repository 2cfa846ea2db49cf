// The command `tokenkeep-contract`: reads the command line, runs the checks and prints the table.
// Progress goes to stderr. The command ends with 1 when a row fails.

import { checkContract } from "./contract.ts";
import { readOptions, USAGE, WrongUsage } from "./options.ts";
import { countOf, tableOf } from "./report.ts";
import { CannotBegin } from "./sessions.ts";

const clock = {
  now: () => performance.now() / 1000,
  pause: (seconds: number) => new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000)),
};

/** The exit code. */
async function main(): Promise<number> {
  const options = await readOptions(process.argv.slice(2));
  if (options === null) {
    console.log(USAGE);
    return 0;
  }
  const findings = await checkContract({
    ...options,
    clock,
    say: (text) => console.error(`  › ${text}`),
  });
  const { target, json } = options;
  if (json)
    console.log(
      JSON.stringify({ backend: target.base.href, page: target.origin, rows: findings }, null, 2),
    );
  else
    console.log(
      [
        "",
        `  ${target.base.href}, called from ${target.origin}`,
        "",
        tableOf(findings, { colour: process.stdout.isTTY }),
      ].join("\n"),
    );
  return countOf(findings, "fail") > 0 ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof WrongUsage || error instanceof CannotBegin)) throw error;
  console.error(error instanceof WrongUsage ? `${error.message}\n\n${USAGE}` : error.message);
  process.exitCode = 2;
}
