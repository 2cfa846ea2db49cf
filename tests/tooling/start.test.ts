// `npm start` as a person types it: it prints the address of a page that answers, and ctrl-C ends
// it cleanly.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../../scripts/start.mjs", import.meta.url));

/**
 * Starts the script, and gathers what it prints; `said` waits for words, `ended` for the exit code.
 */
function start(...args: string[]) {
  const child = spawn("node", [script, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const ended = once(child, "close").then(([code]: (number | null)[]) => code);
  const said = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const match = pattern.exec(output);
      if (match !== null) return match;
      const over = await Promise.race([
        once(child.stdout, "data").then(() => false),
        ended.then(() => true),
      ]);
      if (over && !pattern.test(output))
        throw new Error(`ended without saying ${pattern}:\n${output}`);
    }
  };
  return { child, ended, said, output: () => output };
}

test("npm start serves the page, the authority and the API until ctrl-C", {
  timeout: 120_000,
}, async () => {
  const { child, ended, said } = start("--ports", "0,0,0");
  try {
    const [, page = ""] = await said(/The page +(http:\/\/localhost:\d+)/);
    const [, authority = ""] = await said(/The authority +(http:\/\/localhost:\d+)/);
    const [, api = ""] = await said(/The API +(http:\/\/localhost:\d+)/);
    await said(/End with ctrl-C/);
    assert.match(await (await fetch(page)).text(), /<title>/);
    assert.equal((await fetch(`${authority}/.well-known/jwks.json`)).status, 200);
    assert.equal((await fetch(`${api}/api/me`)).status, 401);
  } finally {
    child.kill("SIGINT");
  }
  assert.equal(await ended, 0);
});

test("a port that is taken is named in a sentence that says what to do", {
  timeout: 120_000,
}, async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  try {
    const { ended, output } = start("--ports", `0,${port},0`);
    assert.equal(await ended, 1);
    assert.match(
      output(),
      new RegExp(`Port ${port} is taken by another program\\. End .*: npm start -- --ports`),
    );
    assert.doesNotMatch(output(), /\n\s+at /);
  } finally {
    other.close();
  }
});

test("options that make no sense are refused in one sentence", async () => {
  for (const args of [
    ["--ports", "1,2"],
    ["--ports", "a,b,c"],
    ["--ports", "1,2,70000"],
    ["--prot", "1"],
  ]) {
    const { ended, output } = start(...args);
    assert.equal(await ended, 1, args.join(" "));
    assert.match(output(), /--pr?o/);
    assert.doesNotMatch(output(), /\n\s+at /);
  }
});
